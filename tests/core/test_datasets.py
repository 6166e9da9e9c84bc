import gzip
import os
import shutil
from pathlib import Path

import pytest
import torch

from bsvae.datasets import binarise, load
from bsvae.trial import DATASETS, BadInput


@pytest.fixture
def copy_of_mnist(tmp_path):
    source = os.environ.get("BSVAE_DATA")
    if not source:
        pytest.skip("BSVAE_DATA does not name a folder with MNIST")
    for file in (Path(source) / "MNIST/raw").glob("*-ubyte"):
        target = tmp_path / "MNIST/raw" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return tmp_path


def damage(folder, file, change):
    path = folder / "MNIST/raw" / file
    path.write_bytes(change(bytearray(path.read_bytes())))


def flip_last(content):
    content[-1] ^= 1
    return content


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("train-images-idx3-ubyte", lambda b: b[:1000], "truncated"),
        ("t10k-images-idx3-ubyte", lambda b: b[:0], "truncated: needs 7,840,016 bytes, holds 0"),
        (
            "t10k-labels-idx1-ubyte",
            lambda b: b"\0\0\x08\x03" + b[4:],
            "magic number 2051 (images), expected 2049 (labels)",
        ),
        (
            "train-labels-idx1-ubyte",
            lambda b: b[:4] + b"\xff\xff\xff\xff" + b[8:],
            "header says 4294967295, expected 60000",
        ),
        ("train-labels-idx1-ubyte", flip_last, "wrong checksum"),
    ],
)
def test_a_damaged_file_is_named(copy_of_mnist, file, change, message):
    damage(copy_of_mnist, file, change)
    with pytest.raises(BadInput, match=file) as error:
        load("mnist", copy_of_mnist)
    assert message in str(error.value)


def test_packed_files_are_as_good(mnist, copy_of_mnist):
    for file in list(copy_of_mnist.rglob("*-ubyte")):
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 1))
        file.unlink()
    packed = load("mnist", copy_of_mnist)
    assert packed.train.equal(mnist.train)
    assert packed.test_labels.equal(mnist.test_labels)


def test_a_missing_file_is_named(copy_of_mnist):
    (copy_of_mnist / "MNIST/raw/t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(BadInput, match="t10k-labels-idx1-ubyte is missing"):
        load("mnist", copy_of_mnist)


def test_a_missing_folder_says_where_to_put_the_data(tmp_path):
    with pytest.raises(BadInput, match="does not exist: give an existing one with --data"):
        load("mnist", tmp_path / "nowhere")
    with pytest.raises(BadInput, match="no FashionMNIST in"):
        load("fashion_mnist", tmp_path)


def test_sizes_are_as_declared(mnist, digits):
    for data in (mnist, digits):
        sizes = DATASETS[data.name]
        assert data.train.shape == data.train_binary.shape == (sizes.train, sizes.pixels)
        assert data.test.shape == data.test_binary.shape == (sizes.test, sizes.pixels)
        assert (len(data.train_labels), len(data.test_labels)) == (sizes.train, sizes.test)
        assert data.train.dtype == torch.uint8


def test_mnist_is_mnist(mnist):
    assert round(mnist.test.float().mean().item() / 255, 4) == 0.1325
    assert mnist.test_labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_binarisation_follows_the_grey_value(mnist):
    draws = [
        binarise(mnist.test[:50], torch.Generator().manual_seed(seed)).float()
        for seed in range(400)
    ]
    frequency = torch.stack(draws).mean(0)
    grey = mnist.test[:50].float() / 255
    error = (frequency - grey).abs() / (grey * (1 - grey) / 400).sqrt().clamp_min(1e-9)
    inside = (grey > 0) & (grey < 1)
    assert frequency[~inside].equal(grey[~inside])
    assert error[inside].max() < 5


def test_the_test_set_is_binarised_once_and_for_all(digits):
    assert load("digits").test_binary.equal(digits.test_binary)
    assert set(digits.test_binary.unique().tolist()) == {0, 1}
