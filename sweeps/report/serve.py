"""The report of a running sweep, on this machine alone, kept up to date while it is open."""

import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
from markupsafe import Markup

from bsvae.checks import BadInput
from sweeps.definition.sweep import Sweep
from sweeps.ledger.ledger import Ledger, Row
from sweeps.report import Image, environment, images, render
from sweeps.report.running import running_section
from sweeps.results.outcome import read_outcome
from sweeps.results.pace import COLUMNS, outlook
from sweeps.results.running import Packs
from sweeps.results.stored import stored_sweep

HOST = "127.0.0.1"

#: Stands in a rendered page for its packs in training.
PLACE = "<!-- packs in training -->"

#: Seconds between an open page's questions, and between two drawings of the figures: they cost
#: seconds of a processor that the sweep needs too.
REFRESH = 5
REDRAW = 60.0


class LivePage:
    """A sweep's report as it is now; rendered when its results have changed.

    Args:
        name: the sweep.
        results: the folder that sweeps write to.
        redraw: least seconds between two drawings of the figures.
        refresh: seconds after which an open page asks again.
    """

    def __init__(
        self, name: str, results: str, redraw: float = REDRAW, refresh: int = REFRESH
    ) -> None:
        self.name, self.results = name, results
        self.redraw, self.refresh = redraw, refresh
        self._lock = threading.Lock()
        self._seen: object = None
        self._drawn_of: object = None
        self._drawn_at = float("-inf")
        self._images: list[Image] = []
        self._page = ""
        self._rows: list[Row] = []
        self._packs = Packs()

    def html(self) -> str:
        """The page; the same text while nothing has changed.

        Raises:
            BadInput: as `sweeps.report.write_report` does.
        """
        with self._lock:
            sweep, ledger = stored_sweep(self.name, self.results)
            now = (ledger.files.stamps("trials"), sweep)
            due = now != self._drawn_of and time.monotonic() - self._drawn_at > self.redraw
            if now != self._seen or due:
                outcome = read_outcome(sweep, ledger)
                if due:
                    self._images = list(images(outcome))
                    self._drawn_of, self._drawn_at = now, time.monotonic()
                self._page = render(outcome, self._images, self.refresh, Markup(PLACE))
                self._seen, self._rows = now, _rows(outcome.trials)
            return self._page.replace(PLACE, self._running(sweep, ledger), 1)

    def _running(self, sweep: Sweep, ledger: Ledger) -> str:
        """What changes by the second: it is put into a page that is rendered for every row."""
        driver, ended = ledger.driver(), {row["trial_id"] for row in self._rows}
        packs = self._packs.look(ledger, sweep.objectives[0], ended, bool(driver))
        pace = outlook(sweep, self._rows, packs) if driver else ""
        return running_section(environment(), packs, driver, pace)


def _rows(trials: pd.DataFrame) -> list[Row]:
    """What a sweep's pace is told from."""
    known = trials[list(COLUMNS)].astype(object)
    values = known.where(known.notna(), None).itertuples(index=False, name=None)
    return [dict(zip(COLUMNS, row, strict=True)) for row in values]


def server(page: LivePage, port: int) -> ThreadingHTTPServer:
    """A server of one page on the loopback interface; port 0 takes any free one.

    Raises:
        BadInput: if the sweep has no results, or the port is taken.
    """
    page.html()
    try:
        return ThreadingHTTPServer((HOST, port), _handler(page))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "no such port"
        raise BadInput(f"--port {port}: {reason}; choose another, or 0 for any") from None


def _handler(page: LivePage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Host", "").rsplit(":", 1)[0]
            if asked not in (HOST, "localhost"):  # a page elsewhere that took our address
                self.send_error(HTTPStatus.FORBIDDEN)
            elif self.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
            else:
                self._answer()

        def _answer(self) -> None:
            try:
                status, text = HTTPStatus.OK, page.html()
            except BadInput as error:
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, str(error)
            content = text.encode()
            kind = "html" if status == HTTPStatus.OK else "plain"
            self.send_response(status)
            self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing of each request."""

    return Handler
