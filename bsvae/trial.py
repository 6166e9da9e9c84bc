"""One point of the sweep space: a frozen, flat, validated value named by its content's hash.

Every field of `Trial` is at once a key of a sweep file and a column of the results table.  A field
that a family does not use is ``None``, and is refused when set, so that two trials that train alike
never carry two names.
"""

import dataclasses
import difflib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class BadInput(ValueError):
    """Unusable input; the message is one line: the value, the choices, the way out."""


@dataclass(frozen=True)
class Dataset:
    """Sizes of a data set, known without loading it: image shape (C, H, W) and number of images."""

    shape: tuple[int, int, int]
    train: int
    test: int

    @property
    def pixels(self) -> int:
        """Numbers per image, C * H * W."""
        return math.prod(self.shape)


DATASETS = {
    "digits": Dataset((1, 8, 8), train=1500, test=297),
    "mnist": Dataset((1, 28, 28), train=60_000, test=10_000),
    "fashion_mnist": Dataset((1, 28, 28), train=60_000, test=10_000),
    "four_images": Dataset((1, 3, 3), train=44, test=20),
}

#: Estimators of a relaxed latent's KL; see `bsvae.latents.concrete.Concrete`.
KL_ESTIMATORS = ("density", "categorical")

#: The optional fields of the families whose latent relaxes a discrete one.
RELAXED = {
    "posterior_temperature": 0.67,
    "prior_temperature": 0.5,
    "initial_temperature": None,
    "anneal_epochs": 0,
    "kl_estimator": "density",
    "straight_through": False,
    "kl_warmup": 0,
}

#: How often the mask noise on training images is drawn; see `bsvae.batches`.
MASKS = ("fixed", "fresh", "none")
MASK_PROBABILITY = 0.7

#: What a family trained by gradient steps uses, with the value taken when a trial leaves it out.
_TRAINED: dict[str, Any] = {
    "dataset": "mnist",
    "latent_dim": None,
    "learning_rate": 1e-3,
    "batch_size": 50,
    "epochs": 200,
}
_STOCHASTIC = _TRAINED | {"kl_weight": 1.0, "kl_warmup": 0, "decoder_draws": 1}
_BOOLEAN = _TRAINED | {
    "latent_dim": 100,
    "hidden": 100,
    "mask": "fixed",
    "mask_probability": None,
    "learning_rate": 1e-4,
    "batch_size": 100,
    "epochs": 150,
}

#: The fields that each family uses beside its name and seed, with their defaults.
FAMILIES: dict[str, dict[str, Any]] = {
    "gaussian": _STOCHASTIC | {"hidden": 500},
    "logit_normal": _STOCHASTIC | {"hidden": 500, "prior_scale": 1.0},
    "concrete": _STOCHASTIC | {"hidden": 500, "categoricals": 1, "classes": None} | RELAXED,
    "binary_concrete": _STOCHASTIC | {"hidden": 500} | RELAXED,
    "bs_autoencoder": _BOOLEAN,
    "bs_twin": _BOOLEAN,
    "autoencoder": _TRAINED | {"hidden": 500},
    "linear_autoencoder": _TRAINED | {"bias": True},
    "pca": {"dataset": "mnist", "latent_dim": None, "bias": True, "epochs": 1},
    "vae_mse": _STOCHASTIC | {"hidden": 500, "kl_weight": 5e-5},
    "tiny_vae": _STOCHASTIC
    | {
        "dataset": "four_images",
        "latent_dim": 2,
        "decoder_draws": 25,
        "as_published": False,
        "learning_rate": 5e-3,
        "batch_size": 22,
        "epochs": 1000,
    },
    "conv_vae": _STOCHASTIC | {"bottleneck": 16, "batch_size": 128, "epochs": 30},
    "conv_autoencoder": _TRAINED | {"bottleneck": 16, "batch_size": 32, "epochs": 5},
}
OPTIONAL = tuple(dict.fromkeys(name for fields in FAMILIES.values() for name in fields))


def _field(doc: str, unit: str = "", default: Any = dataclasses.MISSING) -> Any:
    return dataclasses.field(default=default, metadata={"doc": doc, "unit": unit})


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training run, completely described.

    A field left out takes its family's default (see `FAMILIES`).  The KL weight is beta, the weight
    of the summed KL beside the summed -ln p(x|z), both in nats; but in family ``vae_mse`` it is w
    of the loss mean_pixels (x - x')^2 + w * KL, as its source has it.  `beta` is in nats for all.

    Protocols: ``epochs = 0`` evaluates untrained weights; ``pca`` is fitted in its one epoch;
    ``tiny_vae`` takes 2 optimiser steps per epoch, so 1000 epochs are its source's 2000 episodes.

    Raises:
        BadInput: for a value outside its range, an unknown family or data set, a field that the
            family does not use, or ``latent_dim``, ``categoricals`` and ``classes`` that disagree.

    >>> trial = Trial(family="logit_normal", latent_dim=4, prior_scale=1.78)
    >>> trial.kl_weight, trial.categoricals
    (1.0, None)
    >>> trial == Trial(family="logit_normal", latent_dim=4, prior_scale=1.78, kl_weight=1)
    True
    >>> Trial(family="concrete", categoricals=20, classes=10).latent_dim
    200
    >>> Trial(family="gaussian", latent_dim=4, prior_scale=2.0)
    Traceback (most recent call last):
        ...
    bsvae.trial.BadInput: prior_scale = 2.0: not used by family 'gaussian' (it is by logit_normal)
    """

    family: str = _field("model family: latent distribution, networks and likelihood")
    dataset: str = _field("data set", default=None)
    latent_dim: int = _field("numbers the decoder reads; categoricals * classes", default=None)
    categoricals: int | None = _field("categorical variables in the code", default=None)
    classes: int | None = _field("classes of each categorical variable", default=None)
    prior_scale: float | None = _field(
        "alpha: variance of the prior before the sigmoid, N(0, alpha I)", default=None
    )
    posterior_temperature: float | None = _field("lambda_1 of q(z|x)", default=None)
    prior_temperature: float | None = _field("lambda_2 of p(z)", default=None)
    initial_temperature: float | None = _field(
        "lambda_1 in the first epoch, annealed to posterior_temperature", default=None
    )
    anneal_epochs: int | None = _field(
        "epochs after which lambda_1 is posterior_temperature", "epochs", default=None
    )
    kl_estimator: str | None = _field(
        "KL of a relaxed latent: density (one draw) or categorical (closed form)", default=None
    )
    straight_through: bool | None = _field(
        "whether the decoder reads the nearest discrete code", default=None
    )
    hidden: int | None = _field("width of the hidden layers", "units", default=None)
    bottleneck: int | None = _field(
        "width of the dense layer between convolutions and code", "units", default=None
    )
    bias: bool | None = _field(
        "whether the linear maps have biases; for pca, whether the data are centred", default=None
    )
    as_published: bool | None = _field(
        "whether to repeat the source's three defects: noise scaled by the variance, its gradient "
        "without the noise, half the reconstruction's weight",
        default=None,
    )
    decoder_draws: int | None = _field(
        "codes drawn and decoded per image and training step", default=None
    )
    mask: str | None = _field(
        "whitening of training inputs: fixed (drawn once), fresh (every epoch) or none",
        default=None,
    )
    mask_probability: float | None = _field(
        "probability that a pixel of a training input is set to white", default=None
    )
    kl_weight: float | None = _field(
        "beta: weight of the summed KL in nats; for vae_mse, w beside the pixels' mean square",
        default=None,
    )
    kl_warmup: int | None = _field(
        "epochs over which the KL weight rises from 0 to kl_weight", "epochs", default=None
    )
    learning_rate: float | None = _field("step size of Adam", default=None)
    batch_size: int | None = _field("images per optimiser step", "images", default=None)
    epochs: int = _field("passes over the training set; 0 = untrained", "epochs", default=None)
    seed: int = _field("seed of weights, batches, binarisation and noise", default=0)

    def __post_init__(self) -> None:
        _check_choice("family", self.family, FAMILIES)
        self._refuse_prior_temperature()
        self._fill_optional()
        self._check_dataset()
        self._resolve_latent_dim()
        self._check_ranges()
        self._check_schedules()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _fill_optional(self) -> None:
        used = FAMILIES[self.family]
        for name in OPTIONAL:
            value = getattr(self, name)
            if name in used:
                self._set(name, used[name] if value is None else value)
            elif value is not None:
                users = ", ".join(family for family, fields in FAMILIES.items() if name in fields)
                raise BadInput(
                    f"{name} = {value!r}: not used by family {self.family!r} (it is by {users})"
                )

    def _refuse_prior_temperature(self) -> None:
        if self.kl_estimator == "categorical" and self.prior_temperature is not None:
            raise BadInput(
                f"prior_temperature = {self.prior_temperature!r}: not used by kl_estimator "
                "'categorical', whose prior is discrete"
            )

    def _check_dataset(self) -> None:
        _check_choice("dataset", self.dataset, DATASETS)
        if (self.family == "tiny_vae") != (self.dataset == "four_images"):
            raise BadInput(
                f"dataset = {self.dataset!r} with family {self.family!r}: tiny_vae is for "
                "four_images, and four_images for no other family"
            )

    def _resolve_latent_dim(self) -> None:
        if self.categoricals is None:
            if self.latent_dim is None:
                raise BadInput(f"latent_dim is missing: family {self.family!r} needs it (>= 1)")
            return
        for name in ("categoricals", "classes", "latent_dim"):
            if getattr(self, name) is not None:
                self._set(name, _integer(name, getattr(self, name), 1))
        if self.classes is None and self.latent_dim is not None:
            self._set("classes", self.latent_dim // self.categoricals)
        if self.classes is None:
            raise BadInput("latent_dim is missing: set it, or classes, for family 'concrete'")
        if self.classes < 2:
            raise BadInput(f"classes = {self.classes}: must be an integer >= 2")
        width = self.categoricals * self.classes
        if self.latent_dim not in (None, width):
            raise BadInput(
                f"latent_dim = {self.latent_dim}: must be categoricals * classes = "
                f"{self.categoricals} * {self.classes} = {width}"
            )
        self._set("latent_dim", width)

    def _check_ranges(self) -> None:
        for name in ("latent_dim", "hidden", "bottleneck", "decoder_draws"):
            if getattr(self, name) is not None:
                self._set(name, _integer(name, getattr(self, name), 1))
        for name in ("epochs", "seed"):
            self._set(name, _integer(name, getattr(self, name), 0))
        if self.batch_size is not None:
            images = DATASETS[self.dataset].train
            self._set("batch_size", _integer("batch_size", self.batch_size, 1, images))
        if self.kl_weight is not None:
            self._set("kl_weight", _number("kl_weight", self.kl_weight, zero_allowed=True))
        for name in ("learning_rate", "prior_scale", "posterior_temperature", "prior_temperature"):
            if getattr(self, name) is not None:
                self._set(name, _number(name, getattr(self, name)))
        for name in ("straight_through", "bias", "as_published"):
            if not isinstance(getattr(self, name), bool | None):
                raise BadInput(f"{name} = {getattr(self, name)!r}: must be true or false")
        self._check_closed_form()
        self._check_mask()

    def _check_closed_form(self) -> None:
        if self.family != "pca":
            return
        if self.epochs != 1:
            raise BadInput(f"epochs = {self.epochs}: family 'pca' is fitted in exactly 1 epoch")
        pixels = DATASETS[self.dataset].pixels
        if self.latent_dim > pixels:
            raise BadInput(
                f"latent_dim = {self.latent_dim}: family 'pca' has at most {pixels} on this data"
            )

    def _check_mask(self) -> None:
        if self.mask is None:
            return
        _check_choice("mask", self.mask, MASKS)
        share = self.mask_probability
        if self.mask == "none":
            if share is not None:
                raise BadInput(f"mask_probability = {share!r}: not used with mask = 'none'")
            return
        share = _number("mask_probability", MASK_PROBABILITY if share is None else share)
        if share > 1:
            raise BadInput(f"mask_probability = {share!r}: must be a number > 0 and <= 1")
        self._set("mask_probability", share)

    def _check_schedules(self) -> None:
        for name in ("anneal_epochs", "kl_warmup"):
            if getattr(self, name) is not None:
                self._set(name, _integer(name, getattr(self, name), 0))
        if self.kl_estimator is not None:
            _check_choice("kl_estimator", self.kl_estimator, KL_ESTIMATORS)
        if self.kl_estimator == "categorical":
            self._set("prior_temperature", None)
        if self.initial_temperature is not None:
            self._set(
                "initial_temperature", _number("initial_temperature", self.initial_temperature)
            )
        if (self.initial_temperature is None) == bool(self.anneal_epochs):
            raise BadInput(
                f"initial_temperature = {self.initial_temperature!r} with anneal_epochs = "
                f"{self.anneal_epochs!r}: annealing needs both, a fixed temperature neither"
            )
        if self.initial_temperature == self.posterior_temperature and self.anneal_epochs:
            raise BadInput(
                f"initial_temperature = {self.initial_temperature!r}: is posterior_temperature; "
                "for a fixed temperature leave it and anneal_epochs out"
            )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Trial":
        """Build a trial from a mapping, as a sweep file or a table row gives it.

        Raises:
            BadInput: for an unknown key (naming the nearest known one), or as `Trial` does.

        >>> Trial.of({"family": "gaussian", "latent_dims": 4})
        Traceback (most recent call last):
            ...
        bsvae.trial.BadInput: unknown key 'latent_dims' (did you mean 'latent_dim'?)
        """
        for key in values:
            if key not in FIELDS:
                raise BadInput(unknown("key", key, FIELDS))
        if "family" not in values:
            raise BadInput(f"family is missing: choose one of {', '.join(FAMILIES)}")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, in their declared order; unused ones are ``None``."""
        return {name: getattr(self, name) for name in FIELDS}

    @property
    def beta(self) -> float | None:
        """Weight of the summed KL beside the summed -ln p(x|z), in nats; None without a KL.

        For ``vae_mse``, whose p(x|z) is a unit-variance Gaussian on D pixels, it is w * D / 2; at
        the decoder variance s^2 = MSE that suits the model best it would be w * D / (2 s^2).  The
        half weight that ``as_published`` gives to the reconstruction doubles it.

        >>> Trial(family="vae_mse", latent_dim=2, kl_weight=8e-4).beta  # 784 / 2 = 392
        0.3136
        >>> Trial(family="tiny_vae", as_published=True).beta
        2.0
        """
        if self.kl_weight is None:
            return None
        if self.family == "vae_mse":
            return self.kl_weight * DATASETS[self.dataset].pixels / 2
        return self.kl_weight * (2 if self.as_published else 1)

    @property
    def trial_id(self) -> str:
        """Sixteen hexadecimal digits of SHA-256 over the used fields: the same on every node.

        >>> Trial(family="gaussian", latent_dim=2).trial_id
        'dcc8d444bf8d94cb'
        """
        used = {name: value for name, value in self.as_dict().items() if value is not None}
        text = json.dumps(used, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def fusion_key(self) -> tuple[Any, ...]:
        """What trials must share to be trained as one pack; the rest may differ per member.

        Latent dimension, prior scale, temperatures, KL weight and learning rate differ freely.
        """
        return tuple(getattr(self, name) for name in FIELDS if name not in MEMBER_FIELDS)


FIELDS = {field.name: field for field in dataclasses.fields(Trial)}

#: Fields that may differ between the members of one pack.
MEMBER_FIELDS = frozenset(
    {
        "latent_dim",
        "classes",
        "prior_scale",
        "posterior_temperature",
        "prior_temperature",
        "initial_temperature",
        "anneal_epochs",
        "kl_weight",
        "kl_warmup",
        "learning_rate",
    }
)


def unknown(kind: str, value: object, known: Any) -> str:
    """The line for a name that does not exist, with the nearest one that does.

    >>> unknown("family", "gausian", ["gaussian", "concrete"])
    "unknown family 'gausian' (did you mean 'gaussian'?)"
    >>> unknown("family", "x", ["gaussian", "concrete"])
    "unknown family 'x': choose one of gaussian, concrete"
    """
    near = difflib.get_close_matches(str(value), list(known), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else f": choose one of {', '.join(known)}"
    return f"unknown {kind} {value!r}{hint}"


def _check_choice(name: str, value: object, choices: Any) -> None:
    if not isinstance(value, str) or value not in choices:
        raise BadInput(unknown(name, value, choices))


def _integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    wanted = f"must be an integer >= {low}" + (f" and <= {high} (the training set)" if high else "")
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise BadInput(f"{name} = {value!r}: {wanted}")
    if high is not None and value > high:
        raise BadInput(f"{name} = {value!r}: {wanted}")
    return value


def _number(name: str, value: Any, zero_allowed: bool = False) -> float:
    wanted = f"must be a finite number {'>=' if zero_allowed else '>'} 0"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{name} = {value!r}: {wanted}")
    if value < 0 or (value == 0 and not zero_allowed):
        raise BadInput(f"{name} = {value!r}: {wanted}")
    return float(value)
