"""What sets the models of a sweep apart, in the few words that a legend has room for."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from bsvae.catalogue import declared
from bsvae.metrics import METRICS
from sweeps.definition.sweep import Sweep
from sweeps.text import setting, with_error

Cell = Mapping[str, Any]

#: Symbols of fields, as the sources write them.
SYMBOLS = {
    "prior_scale": "α",
    "posterior_temperature": "λ₁",
    "prior_temperature": "λ₂",
    "initial_temperature": "λ₁ from",
    "kl_weight": "β",
    "learning_rate": "step size",
}

#: Fields that other parts of a label or a figure show already.
SHOWN = {"family", "latent_dim", "categoricals", "classes", "seed", "dataset", "anneal_epochs"}


def label_cells(sweep: Sweep) -> list[str]:
    """One label per cell: its family and the fields that differ within it, latent dimension and
    seed aside; cells that differ in those alone share a label.

    >>> from sweeps.definition.parse import parse
    >>> grid = [{"family": ["logit_normal"], "prior_scale": [0.32, 1.0], "latent_dim": [2, 4]}]
    >>> label_cells(parse("s", {"grid": grid}, {}))[::2]
    ['logit-normal α 0.32', 'logit-normal α 1']
    """
    varying = {family: _varying(sweep, family) for family in {c["family"] for c in sweep.cells}}
    several = len({cell["dataset"] for cell in sweep.cells}) > 1
    labels = []
    for cell in sweep.cells:
        parts = [in_words(cell["family"]), *_sizes(cell)]
        fields = varying[cell["family"]]
        parts += [text for name in fields if (text := _part(sweep, cell, name))]
        parts += [cell["dataset"]] if several else []
        labels.append(" ".join(parts))
    return labels


def in_words(family: str) -> str:
    """A family's name as text.

    >>> in_words("bs_autoencoder"), in_words("logit_normal"), in_words("my_own")
    ('BS autoencoder', 'logit-normal', 'my own')
    """
    return declared(family).words or family.replace("_", " ")


def field_words(name: str) -> str:
    """A field as text, with the symbol that the sources write.

    >>> field_words("kl_weight"), field_words("hidden"), field_words("learning_rate")
    ('KL weight β', 'hidden', 'learning rate')
    """
    known = {"kl_weight": "KL weight β", "kl_warmup": "KL warm-up", "kl_estimator": "KL estimator"}
    symbol = SYMBOLS.get(name, "")
    words = known.get(name, name.replace("_", " "))
    return words if name in known or len(symbol) > 2 else f"{words} {symbol}".strip()


def short_words(name: str, value: object) -> str:
    """A field with its value as a legend has it.

    >>> short_words("kl_weight", 0.5), short_words("family", "pca"), short_words("latent_dim", 2)
    ('β 0.5', 'PCA', 'latent dim 2')
    """
    if name in ("family", "dataset"):
        return value_words(name, value)
    symbol = SYMBOLS.get(name, name.replace("_", " "))
    return f"{symbol} {value_words(name, value)}"


def value_words(name: str, value: object) -> str:
    """A field's value as text.

    >>> value_words("family", "pca"), value_words("beta", 0.00051234), value_words("bias", None)
    ('PCA', '0.0005123', 'none')
    """
    return in_words(str(value)) if name == "family" else setting(value, missing="none")


def replicated(mean: float, se: float, n: int) -> str:
    """A mean with its standard error over n seeds; of one seed no error is invented.

    >>> replicated(31.6123, 0.4211, 3), replicated(31.6123, float("nan"), 1)
    ('31.61 ± 0.42 (n = 3)', '31.61 (n = 1)')
    """
    return f"{with_error(mean, se if n > 1 else math.nan)} (n = {n})"


def listed(words: Iterable[str], joint: str = "and") -> str:
    """Words as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    words = list(words)
    return f" {joint} ".join([*([", ".join(words[:-1])] if words[:-1] else []), *words[-1:]])


def axis_label(metric: str) -> str:
    """A metric with its unit, for an axis; on test images where it does not say otherwise.

    >>> axis_label("test_kl"), axis_label("test_knn_accuracy"), axis_label("valid_neg_elbo")
    ('KL, the rate (nats/image)', 'kNN accuracy (share)', 'validation negative ELBO\\n(nats/image)')
    """
    part, term = part_of(metric)
    known = {"valid": "validation", "train": "training"}
    name = f"{known[part]} {term_words(term)}" if part in known else term_words(term)
    unit = METRICS[metric].unit.replace("^2", "²")
    gap = "\n" if len(name) > 20 else " "
    return f"{name}{gap}({unit})" if unit else name


def metric_words(metric: str) -> str:
    """A metric in a sentence: which images, and its unit.

    >>> metric_words("test_neg_elbo"), metric_words("train_mse")
    ('negative ELBO on test images (nats/image)', 'squared error on training images (pixel²)')
    """
    part, term = part_of(metric)
    images = {"test": "test", "valid": "validation", "train": "training"}.get(part)
    text = f"{term_words(term)} on {images} images" if images else term_words(term)
    unit = METRICS[metric].unit.replace("^2", "²")
    return f"{text} ({unit})" if unit else text


def part_of(metric: str) -> tuple[str, str]:
    """The images that a metric is of, and what it measures.

    >>> part_of("valid_neg_elbo"), part_of("sample_coverage")
    (('valid', 'neg_elbo'), ('', 'sample_coverage'))
    """
    part, _, term = metric.partition("_")
    return (part, term) if part in ("test", "valid", "train") else ("", metric)


def term_words(term: str) -> str:
    """What is measured, as text."""
    known = {
        "neg_elbo": "negative ELBO",
        "kl": "KL, the rate",
        "mse": "squared error",
        "mae": "absolute error",
        "nll": "NLL",
        "knn_accuracy": "kNN accuracy",
        "optimal_sigma_neg_elbo": "negative ELBO, best variance",
    }
    return known.get(term, term.replace("_", " "))


def _varying(sweep: Sweep, family: str) -> list[str]:
    """The fields, in a trial's order, in which a family's cells differ."""
    cells = [cell for cell in sweep.cells if cell["family"] == family]
    names = list(dict.fromkeys(name for cell in cells for name in cell)) + list(sweep.search)
    values = {name: {json.dumps(cell.get(name)) for cell in cells} for name in names}
    return [name for name in dict.fromkeys(names) if len(values[name]) > 1 and name not in SHOWN]


def _sizes(cell: Cell) -> list[str]:
    """Categorical variables and classes, where there are several variables."""
    if cell.get("categoricals", 1) == 1:
        return []
    return [f"{cell['categoricals']}×{cell['classes']}"]


def _part(sweep: Sweep, cell: Cell, name: str) -> str:
    symbols = {**SYMBOLS, **declared(cell["family"]).symbols}
    symbol = symbols.get(name, name.replace("_", " "))
    if name in sweep.searched(cell):
        return f"{symbol} searched"
    value = cell.get(name)
    match name, value:
        case _, None:
            return ""
        case "epochs", 0:
            return "untrained"
        case "epochs", _:
            return f"{value} epochs"
        case "kl_estimator", _:
            return "discrete KL" if value == "categorical" else ""
        case "bias", _:
            return "biases" if value else "no biases"
        case "as_published", _:
            return "as published" if value else "corrected"
        case _, bool():
            return name.replace("_", " ") if value else ""
        case _, float():
            return f"{symbol} {value:g}"
    return f"{symbol} {value}"
