"""What several commands take, and what they say alike."""

import shlex
from typing import Annotated

import typer

SweepName = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE.toml",
        help="a sweep file; or a shipped sweep; or one with results, as last asked for",
    ),
]
StoredName = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE.toml", help="a sweep with results: as last asked for; or as a file says"
    ),
]
Results = Annotated[str, typer.Option(help="folder or s3://BUCKET/FOLDER that sweeps write to")]
Epochs = Annotated[int | None, typer.Option(help="train for this many epochs instead")]
Data = Annotated[str | None, typer.Option(help="data folder; or set BSVAE_DATA")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="train failed trials again")]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="replace a field of every trial; repeatable"),
]
Yes = Annotated[
    bool, typer.Option("--yes", help="even if it hides rows, or wants more than 10,000 trials")
]
AsName = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="results folder of its own, under this name"),
]
PackSize = Annotated[str, typer.Option(metavar="N|auto", help="trials to train together")]


def option(results: str) -> str:
    """The option that names a results folder, where it is not the usual one."""
    return "" if results == "results" else f" --results {shlex.quote(results)}"


def argument(results: str) -> str:
    """The same as an argument of `sweeps.load`."""
    return "" if results == "results" else f", results={results!r}"
