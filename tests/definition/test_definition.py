import json
import subprocess
import sys

import pytest

from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep, shipped
from sweeps.definition.parse import parse
from sweeps.definition.upgrade import upgraded
from sweeps.plan.planner import Planner

GRID = """
[trial]
family = "gaussian"
dataset = "digits"
[[grid]]
latent_dim = [2, 4]
"""
SEARCH = f"select_on_test = true\n{GRID}[search.kl_weight]\nlow = 0.1\nhigh = 10\nlog = true\n"


def write(folder, text):
    path = folder / "my.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_sweep_is_made_of_valid_trials(name):
    sweep = read_sweep(name)
    assert sweep.about
    assert sweep.wanted >= len(sweep.cells) > 0


def test_logit_normal_is_the_thirty_trials_of_the_tables():
    sweep = read_sweep("logit_normal")
    trials = [trial for cell in sweep.cells for trial in sweep.trials_of(cell)]
    assert len({trial.trial_id for trial in trials}) == 30
    assert {(t.epochs, t.batch_size, t.dataset) for t in trials} == {(200, 50, "mnist")}
    assert {t.prior_temperature for t in trials if t.family == "concrete"} == {1.0}


def test_grids_are_products_joined_and_named_once(tmp_path):
    text = GRID + "[[grid]]\nlatent_dim = [4, 8]\nkl_weight = [1.0, 2.0]\n"
    cells = read_sweep(write(tmp_path, text)).cells
    assert len(cells) == 2 + 4 - 1, "latent_dim 4 at the default KL weight stands in both"
    repeated = read_sweep(write(tmp_path, GRID + "[[grid]]\nlatent_dim = [4, 8]\n")).cells
    assert [cell["latent_dim"] for cell in repeated] == [2, 4, 8]


def test_a_grid_wins_over_constants_and_keeps_its_own_value(tmp_path):
    path = write(tmp_path, GRID + "[[grid]]\nlatent_dim = [8]\nbatch_size = [25]\n")
    assert [cell["batch_size"] for cell in read_sweep(path).cells] == [50, 50, 25]
    path = write(tmp_path, GRID.replace("[[grid]]", "epochs = 9\n[[grid]]\nepochs = [1]"))
    assert [cell["epochs"] for cell in read_sweep(path, {"epochs": 3}).cells] == [1, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[trial\n", "not valid TOML"),
        ("a = 1\na = 2\n", "not valid TOML"),
        (GRID.replace("latent_dim", "latent_dims"), "unknown key 'latent_dims' (did you mean"),
        (GRID.replace("gaussian", "gausian"), "unknown family 'gausian'"),
        (GRID.replace("[2, 4]", "{a = 1}"), "must be a list"),
        (GRID.replace("[2, 4]", "[]"), "must be a list"),
        (GRID.replace("[2, 4]", "[2, 0]"), "latent_dim = 0"),
        (GRID + "[gird]\n", "unknown key 'gird' (did you mean 'grid'?)"),
        ("grid = 3\n", "grid = 3: must be one or more tables"),
        ("trial = 3\n", "trial = 3: must be a table"),
        (GRID + "[optuna]\ntrials = 3\n", "without a [search.FIELD] table"),
        (SEARCH.replace("low = 0.1", "low = 20"), "low 20.0 must be below high 10.0"),
        (SEARCH.replace("low = 0.1", "low = nan"), "search.kl_weight.low = nan"),
        (SEARCH.replace("low = 0.1", "low = 0"), "needs low > 0"),
        (SEARCH.replace("low = 0.1\n", ""), "search.kl_weight.low = None"),
        (SEARCH.replace("kl_weight", "latent_dim"), "unknown search field 'latent_dim'"),
        (SEARCH.replace("kl_weight", "prior_scale"), "not used by family 'gaussian'"),
        (SEARCH + "[optuna]\ntrials = 0\n", "optuna.trials = 0"),
        (SEARCH + "[optuna]\nobjectives = ['test_elbo']\n", "did you mean 'test_neg_elbo'"),
        (SEARCH + "[optuna]\nround = true\n", "optuna.round = True"),
        (SEARCH.replace("[trial]", "[trial]\nkl_weight = 1.0"), "kl_weight is searched"),
        (GRID + "[halving]\neta = 2\n", "[halving] without a [search.FIELD] table"),
        (SEARCH + "[halving]\neta = 1\n", "halving.eta = 1: must be an integer >= 2"),
        (SEARCH + "[halving]\nmin_epoch = 1\n", "did you mean 'min_epochs'"),
        (SEARCH + "[optuna]\nobjectives = ['test_nll']\n[halving]\n", "after every epoch"),
        (SEARCH + "[optuna]\nobjectives = ['test_kl', 'test_mse']\n[halving]\n", "needs one"),
        (
            SEARCH + "[halving]\n[[grid]]\nlatent_dim = [2]\nkl_weight = [1]\n",
            "[halving], and a [[grid]] that lists kl_weight: those trials would compete",
        ),
        (
            SEARCH + "[optuna]\nobjectives = ['test_mse']\n",
            "optuna.objectives = ['test_mse']: family 'gaussian' never measures it (binary pixels)",
        ),
        (
            SEARCH + "[optuna]\nobjectives = ['test_kl', 'test_discrete_nll']\n",
            "never measures test_discrete_nll (its code relaxes no discrete one); choose one of",
        ),
        ("rank_by = 'test_mae'\n" + GRID, "rank_by = 'test_mae': family 'gaussian' never measures"),
        ("rank_by = 'valid_nll'\n" + GRID, "no training images are held out (validation)"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, text, message):
    with pytest.raises(BadInput) as error:
        read_sweep(write(tmp_path, text))
    assert "my.toml: " in str(error.value)
    assert message in str(error.value)


def test_overrides_replace_constants_grids_and_searches(tmp_path):
    path = write(tmp_path, SEARCH)
    sweep = read_sweep(path, {"latent_dim": 3, "epochs": 7})
    assert [cell["latent_dim"] for cell in sweep.cells] == [3]
    assert sweep.cells[0]["epochs"] == 7
    assert read_sweep(path, {"kl_weight": 2.0}).search == {}
    with pytest.raises(BadInput, match="did you mean 'epochs'"):
        read_sweep(path, {"epoch": 7})


def test_the_order_of_what_is_searched_makes_no_difference():
    ranges = {"learning_rate": {"low": 1e-4, "high": 1e-2}, "kl_weight": {"low": 0.1, "high": 1.0}}
    document = {
        "trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2, "epochs": 1},
        "optuna": {"trials": 4, "round": 2},
        "select_on_test": True,
    }
    wanted = []
    for names in (["learning_rate", "kl_weight"], ["kl_weight", "learning_rate"]):
        sweep = parse("s", document | {"search": {name: ranges[name] for name in names}}, {})
        wanted.append(list(Planner(sweep, {}, lambda trial: 1).groups()))
    assert wanted[0] == wanted[1]


def test_a_stored_document_says_the_same_sweep(tmp_path):
    sweep = read_sweep(write(tmp_path, SEARCH), {"epochs": 7})
    assert parse("my", json.loads(json.dumps(sweep.document)), {}) == sweep


def test_seeds_are_replicates_of_every_cell_and_proposal(tmp_path):
    sweep = read_sweep(
        write(
            tmp_path,
            f"seeds = [3, 5]\n{SEARCH}[[grid]]\nkl_weight = [1]\n"
            "latent_dim = [2]\nseeds = 4\n[optuna]\ntrials = 6\n",
        )
    )
    searched, *_, point = sweep.cells
    assert "seed" not in searched
    assert [trial.seed for trial in sweep.trials_of(point)] == [0, 1, 2, 3]
    trials = sweep.trials_of(searched, {"kl_weight": 0.5})
    assert [(trial.seed, trial.kl_weight) for trial in trials] == [(3, 0.5), (5, 0.5)]
    assert sweep.wanted == 2 * 6 * 2 + 4


def test_a_cell_of_two_grids_has_the_seeds_of_both(tmp_path):
    text = GRID + "[[grid]]\nlatent_dim = [2]\nseeds = [0, 7]\n"
    sweep = read_sweep(write(tmp_path, text))
    assert [sweep.seeds_of(cell) for cell in sweep.cells] == [(0, 7), (0,)]
    assert (sweep.wanted, sweep.repeated) == (3, 1)
    overridden = read_sweep(write(tmp_path, text), {"seed": 9})
    assert [overridden.seeds_of(cell) for cell in overridden.cells] == [(9,), (9,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GRID + "seed = [0, 1]\n", "write seeds = [0, 1]"),
        ("seeds = 0\n" + GRID, "seeds = 0: must be how many"),
        ("seeds = [1, 1]\n" + GRID, "different integers"),
        (GRID + "seeds = ['a']\n", "seed = 'a': must be an integer"),
        ("seeds = 2\n" + GRID.replace("[[grid]]", "seed = 1\n[[grid]]"), "keep one"),
        (SEARCH.replace("= true", "= false", 1), "add validation = 250 to [trial]"),
        (SEARCH + "[optuna]\nobjectives = ['valid_kl']\n", "add validation = 250 to [trial]"),
        (
            SEARCH.replace("= true", "= false", 1) + "[optuna]\nobjectives = ['test_kl']\n",
            "select_on_test = true",
        ),
        ("rank_by = 'test_klm'\n" + GRID, "did you mean 'test_kl'"),
        ("rank_by = 'test_kl'\n" + SEARCH, "ranks by its optuna.objectives"),
        ("select_on_test = 1\n" + GRID, "select_on_test = 1: must be true or false"),
    ],
)
def test_replicates_and_selection_are_said_plainly(tmp_path, text, message):
    with pytest.raises(BadInput) as error:
        read_sweep(write(tmp_path, text))
    assert message in str(error.value)


def test_a_definition_stored_before_there_was_validation_asks_for_the_same_trials():
    old = {
        "about": "",
        "extras": [],
        "trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2},
        "grid": [{"seed": [0, 1], "kl_weight": [1.0]}, {"seed": [0]}],
        "search": {"kl_weight": {"low": 0.1, "high": 1.0}},
        "optuna": {"trials": 2},
        "halving": None,
    }
    sweep = parse("old", upgraded(old), {})
    point, searched = sweep.cells
    assert (sweep.seeds_of(point), sweep.seeds_of(searched)) == ((0, 1), (0,))
    assert (sweep.objectives, sweep.select_on_test) == (("test_neg_elbo",), True)
    assert upgraded(sweep.document) == sweep.document


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/b", "", ".", "x" * 65, "a b;rm"])
def test_names_cannot_be_paths(name):
    with pytest.raises(BadInput, match="sweep name"):
        read_sweep(name)


def test_reading_a_sweep_imports_neither_torch_nor_ray_nor_optuna():
    code = (
        "import sys; from sweeps.definition.file import read_sweep; read_sweep('quickstart');"
        "print([m for m in ('torch', 'ray', 'optuna', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_cell_is_a_trial_that_needs_no_more_checking():
    for name in shipped():
        sweep = read_sweep(name)
        for cell in sweep.cells:
            if not sweep.searched(cell):
                trial, checked = sweep.trials_of(cell)[0], Trial.of(cell)
                assert (trial, trial.trial_id) == (checked, checked.trial_id)
                assert trial.as_dict() == checked.as_dict()
