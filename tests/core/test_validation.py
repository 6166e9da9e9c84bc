"""Held-out training images: one fixed split, never trained on, measured beside the others."""

import dataclasses

import pytest
import torch

from bsvae.cost import pack_bytes, seconds_per_epoch
from bsvae.datasets import load
from bsvae.measures import final_metrics
from bsvae.measures.gallery import gallery
from bsvae.metrics import BASELINES, EPOCH_METRICS, FINAL_METRICS, METRICS
from bsvae.training import train
from bsvae.trial import FAMILIES, BadInput, Trial

HELD_OUT = 300


def small(family, **fields):
    sizes = {"dataset": "digits", "hidden": 16, "epochs": 2, "latent_dim": 4, "bottleneck": 4}
    used = {name: value for name, value in sizes.items() if name in FAMILIES[family]}
    if family == "tiny_vae":
        used = {"epochs": 2}
    if family == "pca":
        used.pop("epochs")
    return Trial(family=family, **used | fields)


def rest_of(data, validation):
    """The data set as if it had never had the held-out images."""
    split = data.split(validation)
    parts = ("valid", "valid_binary", "valid_labels")
    return dataclasses.replace(split, **{part: getattr(data, part) for part in parts})


def test_the_split_is_a_partition_that_leaves_the_test_set_alone(digits):
    data = digits.split(HELD_OUT)
    assert (len(data.train), len(data.valid)) == (1200, HELD_OUT)
    assert data.test is digits.test
    assert data.test_binary is digits.test_binary
    for part in ("", "_binary", "_labels"):
        whole, kept, held_out = (getattr(d, p + part) for d, p in parts_of(digits, data))
        together = torch.cat([kept, held_out]).reshape(len(whole), -1)
        assert sorted(map(tuple, together.tolist())) == sorted(
            map(tuple, whole.reshape(len(whole), -1).tolist())
        )


def parts_of(whole, split):
    return (whole, "train"), (split, "train"), (split, "valid")


def test_an_image_keeps_its_binary_copy_and_its_class(digits):
    def copies(data, part):
        columns = (getattr(data, part + kind).tolist() for kind in ("", "_binary", "_labels"))
        return {
            (tuple(grey), tuple(binary), label)
            for grey, binary, label in zip(*columns, strict=True)
        }

    data = digits.split(HELD_OUT)
    assert copies(data, "train") | copies(data, "valid") == copies(digits, "train")


def test_a_smaller_held_out_set_begins_a_larger_one(digits):
    small_set, large = digits.split(100), digits.split(500)
    assert large.valid[:100].equal(small_set.valid)
    assert large.valid_labels[:100].equal(small_set.valid_labels)


def test_the_split_is_the_same_in_another_load_and_none_is_the_same_data(digits):
    assert load("digits").split(7).valid.equal(digits.split(7).valid)
    assert digits.split(None) is digits
    once = digits.split(7)
    assert once.split(7) is once
    with pytest.raises(ValueError, match="7 held out"):
        once.split(8)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_trial_is_trained_and_measured_as_if_held_out_images_did_not_exist(family):
    trial = small(family)
    data = load(trial.dataset)
    held_out = 12 if family == "tiny_vae" else HELD_OUT
    *_, last = train([dataclasses.replace(trial, validation=held_out)], data)
    *_, alone = train([trial], rest_of(data, held_out))
    shown, wanted = last.metrics[0], alone.metrics[0]
    assert {k: v for k, v in shown.items() if not k.startswith("valid_")} == wanted
    valid = {k.removeprefix("valid_") for k in shown.keys() - wanted.keys()}
    assert valid == {k.removeprefix("test_") for k in wanted if k.startswith("test_")}
    measured = final_metrics(last.pack, data)
    expected = final_metrics(alone.pack, rest_of(data, held_out))
    approximately = {k: pytest.approx(v[0].item(), abs=1e-5) for k, v in expected.items()}
    assert {k: measured[k][0].item() for k in expected} == approximately
    assert measured.keys() | shown.keys() <= METRICS.keys() | BASELINES.keys()
    once = {k for k in expected if k.startswith("test_") and k not in BASELINES}
    once = {k.removeprefix("test_") for k in once}
    assert {k.removeprefix("valid_") for k in measured if k.startswith("valid_")} == once
    images, without = gallery(last.pack, data)[0], gallery(alone.pack, rest_of(data, held_out))[0]
    assert all(images[name].equal(without[name]) for name in without)


def test_every_test_metric_has_a_held_out_counterpart():
    for metrics in (EPOCH_METRICS, FINAL_METRICS):
        for name, metric in metrics.items():
            if name.startswith("test_"):
                other = metrics[name.replace("test_", "valid_", 1)]
                assert (other.better, other.unit) == (metric.better, metric.unit)


def test_the_way_that_is_better_is_a_sign():
    for name, metric in METRICS.items():
        assert metric.sign == {"lower": 1, "higher": -1}[metric.better], name
    assert METRICS["test_nll"].best([3.0, None, 2.0, float("inf")]) == 2.0
    assert METRICS["test_nll"].best([None]) is None


def test_two_seeds_hold_out_the_same_images(digits):
    trials = [small("gaussian", validation=HELD_OUT, seed=seed, epochs=0) for seed in (0, 1)]
    first, second = (next(train([trial], digits)) for trial in trials)
    assert first.metrics != second.metrics
    assert trials[0].trial_id != small("gaussian", epochs=0).trial_id
    assert trials[0].fusion_key != small("gaussian", epochs=0).fusion_key


@pytest.mark.parametrize(
    ("family", "fields", "message"),
    [
        ("gaussian", {"validation": 0}, "validation = 0: must be an integer >= 1"),
        ("gaussian", {"validation": 2.5}, "validation = 2.5: must be an integer >= 1"),
        ("gaussian", {"validation": True}, "validation = True: must be an integer >= 1"),
        ("gaussian", {"validation": 1451}, "must be an integer >= 1 and <= 1450, so that 50 of"),
        ("gaussian", {"validation": 1500}, "<= 1450"),
        ("gaussian", {"validation": 300, "batch_size": 1201}, "validation = 300: must be an"),
        ("tiny_vae", {"validation": 23}, "validation = 23: must be an integer >= 1 and <= 22"),
        ("pca", {"validation": 1499}, "<= 1495, so that 5 of the 1500 training images are left"),
    ],
)
def test_what_is_held_out_leaves_something_to_train_on(family, fields, message):
    with pytest.raises(BadInput) as error:
        small(family, **fields)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_fewest_images_that_are_allowed_can_be_trained_on(digits):
    trial = small("gaussian", validation=1498, batch_size=1)
    *_, last = train([trial], digits)
    assert last.ended == ["done"]
    assert final_metrics(last.pack, digits)["valid_probe_accuracy"].isfinite().all()


def test_what_training_costs_follows_what_is_trained_on():
    few, all_images = (small("gaussian", validation=n) for n in (1450, None))
    assert seconds_per_epoch([few]) < seconds_per_epoch([all_images])
    assert pack_bytes([few]) > pack_bytes([all_images])
