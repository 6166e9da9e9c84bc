"""Where a sweep's numbers come from: sweep file, command, versions, machines, seeds, cost."""

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from bsvae.checks import BadInput
from sweeps.definition.file import read_sweep, shipped
from sweeps.definition.sweep import Sweep
from sweeps.results.outcome import Outcome

ROOT = Path(__file__).parents[2]
LIBRARIES = ("numpy", "pandas", "pyarrow", "matplotlib", "scikit-learn", "torch", "ray", "optuna")


def provenance(outcome: Outcome) -> dict[str, str]:
    """Names and values of what is needed to make a sweep's numbers again."""
    trials = outcome.trials
    finished = trials["finished_at"].dropna()
    facts = {
        "command": command(outcome.sweep),
        "data": _listed(trials["dataset"]),
        "seeds": _listed(trials["seed"]),
        "epochs": _listed(trials["epochs"]),
        "trained on": _listed(trials["device"]),
        "bsvae that trained": _listed(trials["bsvae_version"]),
        "torch that trained": _listed(trials["torch_version"]),
        "finished": f"{finished.min():%Y-%m-%d %H:%M} to {finished.max():%Y-%m-%d %H:%M} UTC"
        if len(finished)
        else "",
        "git commit of this page": _commit(),
        "libraries of this page": f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name))),
    }
    return {name: value for name, value in facts.items() if value}


def command(sweep: Sweep) -> str:
    """The command that asks for a sweep: of a shipped one or of its file, with what was set.

    >>> command(read_sweep("quickstart", {"epochs": 3, "hidden": 32}))
    'bsvae run quickstart --epochs 3 --set hidden=32'
    """
    if sweep.name in shipped():
        constants = read_sweep(sweep.name).document["trial"]
        asked = sweep.document["trial"]
        changed = {k: v for k, v in asked.items() if k not in constants or constants[k] != v}
        try:
            same = _asks(read_sweep(sweep.name, changed)) == _asks(sweep)
        except BadInput:
            same = False
        if same:
            return f"bsvae run {sweep.name}{_options(changed)}"
    return f"bsvae run {sweep.name}.toml{_options(sweep.overrides)}"


def _asks(sweep: Sweep) -> dict[str, Any]:
    """What a document asks for, however it came to say so."""
    return {key: value for key, value in sweep.document.items() if key != "overrides"}


def _options(changed: Mapping[str, Any]) -> str:
    epochs = f" --epochs {changed['epochs']}" if "epochs" in changed else ""
    settings = [f" --set {k}={_toml(value)}" for k, value in changed.items() if k != "epochs"]
    return f"{epochs}{''.join(settings)}"


def sweep_file(document: Mapping[str, Any]) -> str:
    """A sweep's document as the TOML file that says the same.

    >>> print(sweep_file({"about": "a", "extras": [], "trial": {"epochs": 3}, "grid": [{}],
    ...                   "search": {"kl_weight": {"low": 0.1, "high": 10.0}}, "optuna": {}}))
    about = "a"
    <BLANKLINE>
    [trial]
    epochs = 3
    <BLANKLINE>
    [search.kl_weight]
    low = 0.1
    high = 10.0
    <BLANKLINE>
    """
    tables = [("[trial]", document["trial"])]
    tables += [("[[grid]]", grid) for grid in document["grid"]]
    tables += [(f"[search.{name}]", span) for name, span in document["search"].items()]
    tables += [("[optuna]", document["optuna"])]
    if document.get("halving") is not None:
        tables.append(("[halving]", document["halving"]))
    lines = [f"about = {_toml(document['about'])}"]
    lines += [f"extras = {_toml(document['extras'])}"] if document["extras"] else []
    for key, usual in (("seeds", 1), ("rank_by", None), ("select_on_test", False)):
        if (value := document.get(key, usual)) != usual:
            lines.append(f"{key} = {_toml(value)}")
    for head, table in tables:
        if table or head == "[halving]":
            lines += ["", head, *(f"{key} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def cost(outcome: Outcome) -> pd.DataFrame:
    """What each family cost: trials, seconds of a device, seconds a trial."""
    shares = outcome.trials.groupby("family")["device_seconds"]
    frame = shares.agg(["size", "sum", "mean"]).rename(
        columns={"size": "trials", "sum": "device seconds", "mean": "seconds a trial"}
    )
    return frame


def _toml(value: Any) -> str:
    """A value of a sweep file; its strings, numbers, booleans and lists are JSON's too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(column: pd.Series) -> str:
    values = sorted(column.dropna().unique())
    words = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return ", ".join(words if len(words) <= 8 else [*words[:3], "...", words[-1]])


def _commit() -> str:
    """The commit of the checkout that this program runs from, if it is one."""
    if not (ROOT / ".git").exists():
        return ""
    ask = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
