"""One point of the sweep space: a frozen, flat, validated value named by its content's hash.

Every field of `Trial` is at once a key of a sweep file and a column of the results table.  A field
that a family does not use is ``None``, and is refused when set, so that two trials that train alike
never carry two names.
"""

import dataclasses
import functools
import hashlib
import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bsvae.catalogue import DATASETS, FAMILIES
from bsvae.checks import BadInput, unknown
from bsvae.rules import resolve


def _field(doc: str, unit: str = "", default: Any = dataclasses.MISSING) -> Any:
    return dataclasses.field(default=default, metadata={"doc": doc, "unit": unit})


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training run, completely described.

    A field left out takes its family's default (see `FAMILIES`).  The KL weight is beta, the weight
    of the summed KL beside the summed -ln p(x|z), both in nats; but in family ``vae_mse`` it is w
    of the loss mean_pixels (x - x')^2 + w * KL, as its source has it.  `beta` is in nats for all.

    Protocols: ``epochs = 0`` evaluates untrained weights (of ``bs_autoencoder`` signed ones: its
    source makes them non-negative after the first step, not before); ``pca`` is fitted in its one
    epoch; ``tiny_vae`` takes 2 optimiser steps per epoch, so 1000 epochs are its source's 2000
    episodes.
    With ``validation`` the first so many images of a fixed order of the training set (see
    `bsvae.datasets.Data.split`) are kept from training, the same for every trial.

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
    bsvae.checks.BadInput: prior_scale = 2.0: not used by family 'gaussian' (it is by logit_normal)
    """

    family: str = _field("model family: latent distribution, networks and likelihood")
    dataset: str = _field("data set", default=None)
    validation: int | None = _field(
        "training images held out: never trained on, for the choice between trials", "images", None
    )
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
        vars(self).update(resolve(self.as_dict()))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Trial":
        """Build a trial from a mapping, as a sweep file or a table row gives it.

        Raises:
            BadInput: for an unknown key (naming the nearest known one), or as `Trial` does.

        >>> Trial.of({"family": "gaussian", "latent_dims": 4})
        Traceback (most recent call last):
            ...
        bsvae.checks.BadInput: unknown key 'latent_dims' (did you mean 'latent_dim'?)
        """
        for key in values:
            if key not in FIELDS:
                raise BadInput(unknown("key", key, FIELDS))
        if "family" not in values:
            raise BadInput(f"family is missing: choose one of {', '.join(FAMILIES)}")
        return cls(**values)

    @classmethod
    def resolved(cls, fields: Mapping[str, Any]) -> "Trial":
        """The trial that has these used fields, as another's `as_dict` said; nothing is checked.

        >>> trial = Trial(family="gaussian", latent_dim=2)
        >>> Trial.resolved(trial.as_dict()) == trial
        True
        """
        trial = object.__new__(cls)
        vars(trial).update({**_UNUSED, **fields})
        return trial

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, in their declared order; unused ones are ``None``."""
        return dict(zip(FIELDS, _VALUES(self), strict=True))

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

    @functools.cached_property
    def trial_id(self) -> str:
        """Sixteen hexadecimal digits of SHA-256 over the used fields: the same on every node.

        >>> Trial(family="gaussian", latent_dim=2).trial_id
        'dcc8d444bf8d94cb'
        """
        used = {name: value for name, value in self.as_dict().items() if value is not None}
        return hashlib.sha256(_AS_TEXT(used).encode()).hexdigest()[:16]

    @property
    def fusion_key(self) -> tuple[Any, ...]:
        """What trials must share to be trained as one pack; the rest may differ per member.

        Seed, latent dimension, prior scale, temperatures, KL weight and learning rate differ
        freely.
        """
        return _SHARED(self)


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
        "seed",
    }
)

_UNUSED = dict.fromkeys(FIELDS)
_AS_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_VALUES = operator.attrgetter(*FIELDS)
_SHARED = operator.attrgetter(*(name for name in FIELDS if name not in MEMBER_FIELDS))
