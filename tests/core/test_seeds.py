"""Members of a pack may differ in seed: each is trained and measured as if it were alone."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from test_families import data_of, trials_of

from bsvae.halving import Halving
from bsvae.images import batches
from bsvae.measures import final_metrics
from bsvae.measures.gallery import gallery
from bsvae.pack import Pack
from bsvae.training import Epoch, train
from bsvae.trial import FAMILIES, Trial

SEEDS = (0, 1, 2)
#: Shares of images counted on one side of a line, where rounding can move those that lie on it.
COUNTED = {"test_knn_accuracy": 0.02, "test_probe_accuracy": 0.02, "sample_coverage": 0.02}
every_family = pytest.mark.parametrize("family", FAMILIES)


def seeded(family: str, **changes: Any) -> list[Trial]:
    """Two latent dimensions of three seeds each, in an order that keeps neither together."""
    narrow, wide, _ = trials_of(family, **changes)
    return [replace(trial, seed=seed) for seed in SEEDS for trial in (wide, narrow)]


def curves(epochs: list[Epoch], trial: Trial) -> list[dict[str, float]]:
    """What every epoch showed of a trial, and the last one's metrics."""
    place = epochs[-1].pack.trials.index(trial)
    return [epoch.curve[place] for epoch in epochs] + [epochs[-1].metrics[place]]


def assert_close(together: dict[str, float], alone: dict[str, float]) -> None:
    assert together.keys() == alone.keys()
    for name, value in alone.items():
        allowed = COUNTED.get(name, 1e-6)
        assert together[name] == pytest.approx(value, rel=1e-5, abs=allowed), name


@every_family
def test_a_trial_does_not_depend_on_the_seeds_beside_it(family: str) -> None:
    """Every metric of every epoch, those measured at the end, and the images that are stored."""
    trials = seeded(family)
    data = data_of(trials[0])
    together = list(train(trials, data))
    pack = together[-1].pack
    final = {name: values.tolist() for name, values in final_metrics(pack, data).items()}
    images = gallery(pack, data)
    for member in (1, 2, 5):  # every seed once, and both sizes
        trial = trials[member]
        alone = list(train([trial], data))
        for ours, own in zip(curves(together, trial), curves(alone, trial), strict=True):
            assert_close(ours, own)
        own = {name: values.item() for name, values in final_metrics(alone[-1].pack, data).items()}
        assert_close({name: values[member] for name, values in final.items()}, own)
        (drawn,) = gallery(alone[-1].pack, data)
        assert drawn.keys() == images[member].keys()
        for name, image in drawn.items():
            assert (image.int() - images[member][name].int()).abs().max() <= 1, name


@every_family
def test_seeds_differ_and_equal_ones_share_their_batches(family: str) -> None:
    if family == "pca":
        pytest.skip("no batches")
    trials = seeded(family)
    data = data_of(trials[0])
    x, target = next(batches(Pack.of(trials), data.train, 1))
    assert x.shape == target.shape == (len(trials), trials[0].batch_size, data.train.shape[1])
    assert not x[0].equal(x[2])
    for member, trial in enumerate(trials):
        own, wanted = next(batches(Pack.of([trial]), data.train, 1))
        assert x[member].equal(own)
        assert target[member].equal(wanted)
    shared, _ = next(batches(Pack.of(trials[:2]), data.train, 1))
    assert shared.shape == x.shape[1:]
    noise = Pack.of(trials).noise("test").draw(4)
    assert noise.shape == (len(trials), 4, 5)
    assert Pack.of(trials[:2]).noise("test").draw(4).equal(noise[0])


def test_a_member_that_leaves_takes_its_seed_with_it() -> None:
    """At a rung all trials but one leave, and the last seed is shared by nobody."""
    trials = [replace(t, kl_weight=w) for w in (0.1, 9.0) for t in seeded("gaussian")[::2]]
    data = data_of(trials[0])
    halving = Halving(("kl_weight",), eta=2, min_epochs=1)
    first, last = train(trials, data, halving)
    assert len(last.pack.trials) == 3
    assert last.pack.seeds.distinct == SEEDS
    for member, trial in enumerate(last.pack.trials):
        assert_close(last.metrics[member], list(train([trial], data))[-1].metrics[0])
    assert {status for status in first.ended if status} == {"stopped"}


def test_one_seed_is_drawn_once_whatever_its_place() -> None:
    trials = [replace(t, seed=7) for t in seeded("logit_normal")[:2]]
    pack = Pack.of(trials)
    assert pack.seeds.distinct == (7,)
    assert pack.keep([1]).noise("a").draw(3).shape == (3, 5)
    assert torch.equal(pack.noise("a").draw(3)[:, :2], Pack.of(trials[1:]).noise("a").draw(3))
