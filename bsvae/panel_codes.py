"""Whether a trial's codes are enough for the Gaussianity panel: known before it is trained."""

from bsvae.trial import DATASETS, Trial

#: Training and test images, evenly spaced, whose codes the panel sees.
PANEL_TRAIN = 10_000
PANEL_TEST = 10_000

#: Five folds and fifth neighbours need about so many codes.
FEWEST_ROWS = 20


def fewest_codes(units: int) -> int:
    """Codes of so many units that whitening and the panel need: of training, and of test images.

    >>> fewest_codes(2), fewest_codes(100)
    (20, 102)
    """
    return max(units + 2, FEWEST_ROWS)


def why_no_panel(trial: Trial) -> str:
    """Why the panel cannot be computed of a trial, in one line; empty if it can.

    >>> why_no_panel(Trial(family="gaussian", dataset="digits", latent_dim=295))
    ''
    >>> why_no_panel(Trial(family="gaussian", dataset="digits", latent_dim=296))
    'gaussianity of 296 units needs >= 298 test codes, and digits has 297: lower latent_dim'
    """
    dataset, needed = DATASETS[trial.dataset], fewest_codes(trial.latent_dim)
    training = min(PANEL_TRAIN, dataset.train - (trial.validation or 0))
    problem = f"gaussianity of {trial.latent_dim} units needs >= {needed}"
    if training < needed:
        return f"{problem} training codes, and {training} are left: lower validation"
    test = min(PANEL_TEST, dataset.test)
    if test < needed:
        return f"{problem} test codes, and {trial.dataset} has {test}: lower latent_dim"
    return ""
