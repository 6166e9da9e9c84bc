"""The command line.  Heavy imports stand inside the commands, so that --help answers at once."""

import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any, NoReturn

from bsvae.checks import BadInput
from sweeps.ledger.places.interface import Ignored, Unreachable


def main() -> None:
    """Run the command line; bad input ends in one line on standard error and exit code 2."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        from sweeps.cli.app import app  # here, where Ctrl-C is quiet

        with _warnings_of_results():
            code = app(standalone_mode=False)
        gc.freeze()  # or the interpreter's last collection walks all of torch: a second
        sys.exit(code)
    except BadInput as error:
        _end(str(error), 2)
    except Unreachable as error:
        _end(f"cannot reach {error.filename} ({error.strerror}); try again", 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the last flush
        sys.exit(1)
    except Exception as error:
        _end_with(error)


@contextlib.contextmanager
def _warnings_of_results() -> Iterator[None]:
    """Have what is left out of results said in one line, once for all times that they are read."""
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if not issubclass(category, Ignored):
            usual(message, category, *where, **more)
        elif str(message) not in said:
            said.add(str(message))
            print(f"bsvae: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        usual = warnings.showwarning
        warnings.simplefilter("always", Ignored)
        warnings.showwarning = show
        yield


def _end_with(error: Exception) -> NoReturn:
    """End as errors say that come from modules which --help must not import."""
    name, message = type(error).__name__, getattr(error, "format_message", None)
    if name == "Abort":  # the parser's word for Ctrl-C
        sys.exit(130)
    if name == "GaveUp":
        _end(f"{error}; the same command goes on where it stopped", 1)
    if message is None:
        raise error
    _end(f"{message()} (see bsvae --help)", 2)


def _end(message: str, code: int) -> NoReturn:
    print(f"bsvae: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
