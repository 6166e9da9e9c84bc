"""A headless Chromium, driven over a pipe in its DevTools protocol: no port, no driver."""

import fcntl
import itertools
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-pipe"),
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One tab.  ``errors`` are what its console complained of, ``requests`` what it asked for."""

    def __init__(self, profile: Path) -> None:
        ours_in, theirs_out = (_high(end) for end in os.pipe())
        theirs_in, ours_out = (_high(end) for end in os.pipe())
        line = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        call = ["bash", "-c", line, "bash", CHROMIUM, *FLAGS, f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            [*call, "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._answers, self._calls = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
        self._buffer, self._numbers = b"", itertools.count(1)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser and wait for it."""
        self._calls.close()
        self._answers.close()
        self.process.terminate()
        self.process.wait(30)

    def call(self, method: str, **parameters: object) -> dict:
        """One call of the protocol; events that come meanwhile are noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        self._calls.write(json.dumps(message).encode() + b"\0")
        self._calls.flush()
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def open(self, address: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 30) -> None:
        """Wait until an expression holds."""
        end = time.monotonic() + seconds
        while not self.evaluate(expression):
            assert time.monotonic() < end, f"not within {seconds} s: {expression}"
            time.sleep(0.05)

    def type(self, selector: str, text: str) -> None:
        """Replace what a field holds, as a keyboard does."""
        self.evaluate(f"(field => {{field.focus(); field.select()}})({_find(selector)})")
        self.call("Input.insertText", text=text)
        self.wait(f"{_find(selector)}.value === {json.dumps(text)}")

    def click(self, selector: str) -> None:
        """Click the middle of an element."""
        where = (
            f"(element => {{element.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            "const box = element.getBoundingClientRect();"
            f"return [box.x + box.width / 2, box.y + box.height / 2]}})({_find(selector)})"
        )
        x, y = self.evaluate(where)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def _read(self) -> dict:
        while b"\0" not in self._buffer:
            part = os.read(self._answers.fileno(), 1 << 16)
            assert part, "the browser is gone"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict) -> None:
        match event.get("method"), event.get("params", {}):
            case "Runtime.exceptionThrown", details:
                self.errors.append(json.dumps(details["exceptionDetails"]))
            case "Runtime.consoleAPICalled", {"type": "error" | "warning", "args": words}:
                self.errors.append(json.dumps(words))
            case "Log.entryAdded", {"entry": {"level": "error" | "warning", "text": text}}:
                self.errors.append(text)
            case "Network.requestWillBeSent", {"request": {"url": address}}:
                self.requests.append(address)


def _find(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


def _high(descriptor: int) -> int:
    """The same pipe end with a number that no redirection of the shell needs."""
    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return high
