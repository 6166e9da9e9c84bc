"""The commands, in the order in which --help lists them."""

from importlib.metadata import version
from typing import Annotated

import typer

from sweeps.cli.publishing import export, report, serve
from sweeps.cli.reading import ls, show, status, table
from sweeps.cli.training import plan, run, submit

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (ls, plan, run, status, show, table, submit, report, serve, export):
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        print(f"bsvae {version('bsvae')}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Sweeps of latent-variable autoencoders: plan, run, resume, and read the results."""
