"""A pack that does not fit the memory is halved, and the sweep goes on."""

import pytest
import torch

from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.plan.planner import Planner
from sweeps.running.job import describe
from sweeps.running.settle import settle

GRID = {
    "trial": {"dataset": "digits", "family": "gaussian", "latent_dim": 2},
    "grid": [{"kl_weight": [0.5, 1.0, 2.0, 4.0]}],
}


def test_a_pack_that_ran_out_of_memory_is_halved_until_one_has_failed(tmp_path, capsys):
    with pytest.raises(RuntimeError) as failure:
        torch.empty(10**15)
    error = describe(failure.value)
    ledger = Ledger(tmp_path, "s")
    planner = Planner(parse("s", GRID, {}), {}, lambda trial: 4)
    sizes = []
    while pack := planner.next_pack():
        sizes.append(len(pack))
        settle(planner, ledger, pack, error)
    assert sizes == [4, 2, 2, 1, 1, 1, 1]
    assert "a pack of 4 ran out of memory: going on with halves" in capsys.readouterr().out
    rows = ledger.rows().values()
    assert [row["status"] for row in rows] == ["failed"] * 4
    assert all("can't allocate memory" in row["error"] for row in rows)
