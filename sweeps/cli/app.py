"""The commands, in the order in which --help lists them."""

import typer

from sweeps.cli.publishing import export, report, serve
from sweeps.cli.reading import ls, show, status, table
from sweeps.cli.training import plan, run, submit

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Sweeps of latent-variable autoencoders: plan, run, resume, and read the results.",
)
for command in (ls, plan, run, status, show, table, submit, report, serve, export):
    app.command()(command)
