"""The command line.  Heavy imports stand inside the commands, so that --help answers at once."""

import gc
import sys

import typer

from bsvae.trial import BadInput
from sweeps.cli.publishing import export, report, serve
from sweeps.cli.reading import ls, show, status, table
from sweeps.cli.training import plan, run, submit
from sweeps.files import Unreachable

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Sweeps of latent-variable autoencoders: plan, run, resume, and read the results.",
)

for command in (ls, plan, run, status, show, table, submit, report, serve, export):
    app.command()(command)


def main() -> None:
    """Run the command line; bad input ends in one line on standard error and exit code 2."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        code = app(standalone_mode=False)
        gc.freeze()  # or the interpreter's last collection walks all of torch: a second
        sys.exit(code)
    except BadInput as error:
        _end(str(error), 2)
    except Unreachable as error:
        _end(f"cannot reach {error.filename} ({error.strerror}); try again", 1)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        if type(error).__name__ == "GaveUp":  # from a module that --help must not import
            _end(f"{error}; the same command goes on where it stopped", 1)
        message = getattr(error, "format_message", None)  # of the command line's own parser
        if message is None:
            raise
        _end(f"{message()} (see bsvae --help)", 2)


def _end(message: str, code: int) -> None:
    print(f"bsvae: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
