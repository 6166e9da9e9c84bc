"""Who runs a sweep can be asked about by anyone, at any time, in nobody's way."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from bsvae.checks import BadInput
from sweeps.ledger.places.lock import NAME, holder, locked

HOLD = """
import sys, time
from pathlib import Path
from sweeps.ledger.places.lock import locked
with locked(Path(sys.argv[1]), "s"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_holder_is_named_until_it_is_killed(tmp_path):
    assert holder(tmp_path / "nowhere") == ""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        named = f"process {other.pid} on {os.uname().nodename}"
        assert holder(tmp_path) == named
        with pytest.raises(BadInput, match=named), locked(tmp_path, "s"):
            pass
    finally:
        other.send_signal(signal.SIGKILL)
        other.communicate()
    assert (tmp_path / NAME).read_text() == named, "what it wrote is still there"
    assert holder(tmp_path) == ""


def test_asking_is_in_nobodys_way(tmp_path):
    """Drivers start and end while others ask without a pause: none is ever refused."""
    ended = threading.Event()

    def ask():
        while not ended.is_set():
            holder(tmp_path)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    try:
        for _ in range(500):
            with locked(tmp_path, "s"):
                pass
    finally:
        ended.set()
        for thread in asking:
            thread.join()


def test_who_may_only_read_may_ask(tmp_path):
    with locked(tmp_path, "s"):
        (tmp_path / NAME).chmod(0o444)
        assert holder(tmp_path) == f"process {os.getpid()} on {os.uname().nodename}"
