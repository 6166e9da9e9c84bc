"""Bad data files: one line that names the file and a way out; nothing is changed."""

import gzip
import os
import random
from pathlib import Path

import pytest

from bsvae.datasets.idx import idx_header

SERIAL = ("--engine", "serial")
MNIST = '[trial]\nfamily = "gaussian"\nlatent_dim = 2\nepochs = 1\n'
FASHION = f'{MNIST}dataset = "fashion_mnist"\n'
IMAGES, LABELS = idx_header((60_000, 28, 28)), idx_header((60_000,))
WHOLE = IMAGES + bytes(60_000 * 784)
DRAWN = IMAGES + random.Random(0).randbytes(60_000 * 784)
PACKED = gzip.compress(WHOLE, 1)
PAGE = b"<html>404 Not Found</html>"
PLAIN = "train-images-idx3-ubyte"
GZ = f"{PLAIN}.gz"
AGAIN = "delete it and fetch it again"

BAD_DATA = {
    "truncated gz": (GZ, PACKED[:-4000], "truncated: needs 47,040,016 bytes, holds ", AGAIN),
    "truncated": (PLAIN, WHOLE[:-1], "truncated: needs 47,040,016 bytes, holds 47,040,015", AGAIN),
    "empty": (PLAIN, b"", "truncated: needs 47,040,016 bytes, holds 0", AGAIN),
    "overlong": (PLAIN, WHOLE + b"\0", "overlong: has more than 47,040,016 bytes", AGAIN),
    "overlong gz": (GZ, gzip.compress(WHOLE + bytes(10**8), 1), "overlong: has more than", AGAIN),
    "page as gz": (GZ, PAGE, "is not gzip (starts with '<html>': probably an error page)", AGAIN),
    "page": (PLAIN, PAGE, "(starts with '<htm': probably an error page), expected 2051", AGAIN),
    "wrong CRC": (GZ, PACKED[:-8] + b"good" + PACKED[-4:], "wrong checksum", AGAIN),
    "damaged gz": (GZ, PACKED[:99] + b"\xff" * 99 + PACKED[198:], "damaged", AGAIN),
    "packed without the name": (PLAIN, PACKED, f"name it {GZ}, or unpack it with gunzip"),
    "labels for images": (PLAIN, LABELS + bytes(60_000), "2049 (labels), expected 2051 (images)"),
    "other count": (PLAIN, idx_header((10_000, 28, 28)) + WHOLE[16:], "says 10000 x 28 x 28, expe"),
    "absurd count": (PLAIN, idx_header((2**31 - 1,) * 3), "2147483647 x 2147483647 x 2147483647"),
    "not MNIST": (PLAIN, WHOLE, "wrong checksum", AGAIN),
    "nothing": ("elsewhere", b"", f"{PLAIN} is missing, and there is no {GZ}: put the whole data"),
}


@pytest.mark.parametrize("row", BAD_DATA)
def test_a_bad_data_file(cli, row):
    name, content, *says = BAD_DATA[row]
    raw = cli.folder / "data/MNIST/raw"
    raw.mkdir(parents=True)
    (raw / name).write_bytes(content)
    (cli.folder / "my.toml").write_text(MNIST)
    line = cli.refuses("run", "my.toml", *SERIAL, "--data", "data")
    assert f"/{PLAIN}" in line
    assert all(words in line for words in says), line


def test_images_and_labels_that_differ_in_number(cli):
    raw = cli.folder / "data/FashionMNIST/raw"
    raw.mkdir(parents=True)
    (raw / PLAIN).write_bytes(DRAWN)
    (raw / "train-labels-idx1-ubyte").write_bytes(idx_header((10_000,)) + bytes(10_000))
    (cli.folder / "my.toml").write_text(FASHION)
    line = cli.refuses("run", "my.toml", *SERIAL, "--data", "data")
    assert "train-labels-idx1-ubyte: its header says 10000, expected 60000; delete" in line


UNLEARNABLE = {
    "black": (WHOLE, b"", "60000 of its 60000 images are blank"),
    "a file with a hole": (DRAWN[: 50_000 * 784] + bytes(16 + 10_000 * 784), b"", "are blank"),
    "one image": (IMAGES + 60_000 * DRAWN[16:800], b"", "all its images are the same"),
    "other labels": (DRAWN, LABELS + 30_000 * b"\0\xff", "its label 255 is none of 0 to 9"),
    "one label": (DRAWN, LABELS + bytes(60_000), "all its labels are 0"),
}


@pytest.mark.parametrize("row", UNLEARNABLE)
def test_images_and_labels_that_nothing_can_be_learned_from(cli, row):
    images, labels, says = UNLEARNABLE[row]
    raw = cli.folder / "data/FashionMNIST/raw"
    raw.mkdir(parents=True)
    (raw / PLAIN).write_bytes(images)
    (raw / "train-labels-idx1-ubyte").write_bytes(labels)
    (cli.folder / "my.toml").write_text(FASHION)
    line = cli.refuses("run", "my.toml", *SERIAL, "--data", "data")
    assert says in line
    assert line.rstrip().endswith("this is not FashionMNIST; fetch it again")


@pytest.fixture
def real():
    """The folder of MNIST's own files; asked for before the cli forgets where it is."""
    if not os.environ.get("BSVAE_DATA"):
        pytest.skip("BSVAE_DATA does not name a folder with MNIST")
    return Path(os.environ["BSVAE_DATA"], "MNIST/raw")


def test_mnist_in_the_place_of_fashion_mnist(real, cli):
    folder = cli.folder / "data/FashionMNIST"
    folder.mkdir(parents=True)
    (folder / "raw").symlink_to(real)
    (cli.folder / "my.toml").write_text(FASHION)
    line = cli.refuses("run", "my.toml", *SERIAL, "--data", "data")
    assert f"{PLAIN} is MNIST's, not FashionMNIST's" in line
    assert "or ask for dataset 'mnist'" in line
