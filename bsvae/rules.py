"""What makes a trial valid: its fields checked, its family's defaults filled in.

`resolve` is a pure function from the fields as given to the fields as they are meant; `Trial` calls
it once when it is made.
"""

from collections.abc import Mapping
from typing import Any

from bsvae.catalogue import DATASETS, FAMILIES, KL_ESTIMATORS, MASK_PROBABILITY, MASKS
from bsvae.checks import BadInput, check_choice, check_flag, integer, number

Fields = dict[str, Any]

OPTIONAL = tuple(dict.fromkeys(name for fields in FAMILIES.values() for name in fields))

_SMALLEST = {
    "latent_dim": 1,
    "categoricals": 1,
    "classes": 2,
    "hidden": 1,
    "bottleneck": 1,
    "decoder_draws": 1,
    "anneal_epochs": 0,
    "kl_warmup": 0,
    "epochs": 0,
    "seed": 0,
    "validation": 1,
}
_POSITIVE = (
    "prior_scale",
    "posterior_temperature",
    "prior_temperature",
    "initial_temperature",
    "learning_rate",
)
#: Beyond these, numbers of 32 bits overflow, or a one-draw KL is dominated by its noise.
_BOUNDS = {
    "prior_scale": (1e-4, 1e4),
    "posterior_temperature": (0.01, 100.0),
    "prior_temperature": (0.01, 100.0),
    "initial_temperature": (0.01, 100.0),
}
_FLAGS = ("straight_through", "bias", "as_published")


def resolve(given: Mapping[str, Any]) -> Fields:
    """All fields of a trial: checked, floats as floats, unused ones None.

    Raises:
        BadInput: for a value outside its range, an unknown family or data set, a field that the
            family does not use, or fields that disagree.

    >>> fields = dict.fromkeys(OPTIONAL) | {"family": "pca", "latent_dim": 2, "seed": 0}
    >>> resolve(fields)["epochs"], resolve(fields)["hidden"]
    (1, None)
    """
    check_choice("family", given["family"], FAMILIES)
    _check_discrete_prior(given)
    fields = _with_defaults(given)
    _check_dataset(fields)
    fields |= _latent_sizes(fields)
    fields |= _checked_values(fields)
    fields |= _mask(fields)
    _check_validation(fields)
    _check_closed_form(fields)
    _check_annealing(fields)
    if fields["kl_estimator"] == "categorical":
        fields["prior_temperature"] = None
    return fields


def _with_defaults(given: Mapping[str, Any]) -> Fields:
    family, fields = given["family"], dict(given)
    used = FAMILIES[family]
    for name in OPTIONAL:
        if name in used:
            fields[name] = used[name] if given[name] is None else given[name]
        elif given[name] is not None:
            users = ", ".join(other for other, names in FAMILIES.items() if name in names)
            raise BadInput(
                f"{name} = {given[name]!r}: not used by family {family!r} (it is by {users})"
            )
    return fields


def _check_discrete_prior(given: Mapping[str, Any]) -> None:
    if given["kl_estimator"] == "categorical" and given["prior_temperature"] is not None:
        raise BadInput(
            f"prior_temperature = {given['prior_temperature']!r}: not used by kl_estimator "
            "'categorical', whose prior is discrete"
        )


def _check_dataset(fields: Fields) -> None:
    family, dataset = fields["family"], fields["dataset"]
    check_choice("dataset", dataset, DATASETS)
    if (family == "tiny_vae") != (dataset == "four_images"):
        raise BadInput(
            f"dataset = {dataset!r} with family {family!r}: tiny_vae is for four_images, and "
            "four_images for no other family"
        )


def _latent_sizes(fields: Fields) -> Fields:
    """Latent dimension, number of categoricals and of classes, any two of which say the third."""
    sizes = {name: fields[name] for name in ("categoricals", "classes", "latent_dim")}
    for name, size in sizes.items():
        if size is not None:
            integer(name, size, _SMALLEST[name])
    if sizes["categoricals"] is not None:
        if sizes["classes"] is None and sizes["latent_dim"] is not None:
            classes = sizes["latent_dim"] // sizes["categoricals"]
            sizes["classes"] = integer("classes", classes, _SMALLEST["classes"])
        if sizes["classes"] is not None:
            width = sizes["categoricals"] * sizes["classes"]
            if sizes["latent_dim"] not in (None, width):
                raise BadInput(
                    f"latent_dim = {sizes['latent_dim']}: must be categoricals * classes = "
                    f"{sizes['categoricals']} * {sizes['classes']} = {width}"
                )
            sizes["latent_dim"] = width
    if sizes["latent_dim"] is None:
        raise BadInput(f"latent_dim is missing: family {fields['family']!r} needs it (>= 1)")
    return sizes


def _checked_values(fields: Fields) -> Fields:
    """Every field that is set, held against its type and range."""
    checked: Fields = {}
    for name, value in fields.items():
        if value is None:
            continue
        if name in _SMALLEST:
            checked[name] = integer(name, value, _SMALLEST[name])
        elif name in _POSITIVE:
            checked[name] = number(name, value, *_BOUNDS.get(name, ()))
        elif name in _FLAGS:
            checked[name] = check_flag(name, value)
        elif name == "kl_weight":
            checked[name] = number(name, value, low=0.0)
        elif name == "batch_size":
            checked[name] = integer(name, value, 1, DATASETS[fields["dataset"]].train)
        elif name == "kl_estimator":
            check_choice(name, value, KL_ESTIMATORS)
    return checked


def _check_validation(fields: Fields) -> None:
    """What is held out leaves enough to train on: a batch, or more images than a code is wide."""
    held_out, images = fields["validation"], DATASETS[fields["dataset"]].train
    if held_out is None:
        return
    batch = fields["batch_size"]
    needed = max(2, batch if batch is not None else fields["latent_dim"] + 1)
    if held_out > images - needed:
        raise BadInput(
            f"validation = {held_out}: must be an integer >= 1 and <= {images - needed}, so that "
            f"{needed} of the {images} training images are left to train on"
        )


def _mask(fields: Fields) -> Fields:
    """The probability that belongs to the kind of mask."""
    mask, share = fields["mask"], fields["mask_probability"]
    if mask is None:
        return {}
    check_choice("mask", mask, MASKS)
    if mask == "none":
        if share is not None:
            raise BadInput(f"mask_probability = {share!r}: not used with mask = 'none'")
        return {}
    share = number("mask_probability", MASK_PROBABILITY if share is None else share)
    if share > 1:
        raise BadInput(f"mask_probability = {share!r}: must be a number > 0 and <= 1")
    return {"mask_probability": share}


def _check_closed_form(fields: Fields) -> None:
    if fields["family"] != "pca":
        return
    if fields["epochs"] != 1:
        raise BadInput(f"epochs = {fields['epochs']}: family 'pca' is fitted in exactly 1 epoch")
    pixels = DATASETS[fields["dataset"]].pixels
    if fields["latent_dim"] > pixels:
        raise BadInput(
            f"latent_dim = {fields['latent_dim']}: family 'pca' has at most {pixels} on this data"
        )


def _check_annealing(fields: Fields) -> None:
    start, end, epochs = (
        fields[name] for name in ("initial_temperature", "posterior_temperature", "anneal_epochs")
    )
    if (start is None) == bool(epochs):
        raise BadInput(
            f"initial_temperature = {start!r} with anneal_epochs = {epochs!r}: annealing needs "
            "both, a fixed temperature neither"
        )
    if start == end and epochs:
        raise BadInput(
            f"initial_temperature = {start!r}: is posterior_temperature; for a fixed temperature "
            "leave it and anneal_epochs out"
        )
