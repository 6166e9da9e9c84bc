"""One driver at a time in a store that has no locks."""

import json
import os
import subprocess
import time
from unittest.mock import ANY

import pytest

from bsvae.checks import BadInput
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.places.bucket import ObjectFiles
from sweeps.ledger.places.interface import Unreachable
from sweeps.ledger.places.lease import PATH, held, holder


def other(files):
    files.write({PATH: json.dumps({"pid": 12, "host": "there", "id": "other"}).encode()})


def test_one_driver_at_a_time(store):
    first, second = (Ledger("s3://bucket/held", "s") for _ in range(2))
    with (
        first.driver_lock(),
        pytest.raises(BadInput, match=f"'s' is running already .process {os.getpid()} on"),
        second.driver_lock(),
    ):
        pass
    assert not first.files.has(PATH)
    with second.driver_lock():
        assert second.files.has(PATH)


def test_a_lease_is_renewed_and_a_stale_one_taken_over(store):
    files = ObjectFiles("s3://bucket/stale/s")
    other(files)
    with pytest.raises(BadInput, match=r"running already \(process 12 on there\)"):
        held(files, "s", stale=60).__enter__()
    assert json.loads(files.read(PATH))["id"] == "other"
    time.sleep(2.1)  # the store's times are whole seconds
    with held(files, "s", beat=0.2, stale=1):
        written = files.stamp(PATH)
        time.sleep(1.5)
        assert files.stamp(PATH).mtime_ns > written.mtime_ns
    assert not files.stamp(PATH)


def test_a_holder_that_ended_on_this_machine_is_not_waited_for(store):
    ended = subprocess.Popen(["true"])
    ended.wait()
    files = ObjectFiles("s3://bucket/ended/s")
    with held(files, "s"):
        document = json.loads(files.read(PATH))
    files.write({PATH: json.dumps(document | {"pid": ended.pid, "id": "other"}).encode()})
    with held(files, "s"):
        assert json.loads(files.read(PATH)) == document | {"id": ANY, "renewed": ANY}


def test_who_has_lost_the_lease_is_stopped(store):
    files = ObjectFiles("s3://bucket/lost/s")
    with held(files, "s", beat=0.1):
        other(files)
        time.sleep(1)
        with pytest.raises(Unreachable, match="process 12 on there has taken over"):
            files.stamps("trials")
    watch = ObjectFiles("s3://bucket/lost/s")
    assert json.loads(watch.read(PATH))["id"] == "other"


def test_who_looks_at_a_lease_writes_nothing(store):
    files = ObjectFiles("s3://bucket/looked/s")
    assert holder(files) == ""
    other(files)
    before = files.stamp(PATH)
    assert holder(files) == "process 12 on there"
    time.sleep(2.1)  # the store's times are whole seconds
    assert holder(files, stale=1) == ""
    assert files.stamp(PATH) == before
    with held(files, "s", beat=0.2, stale=1):
        assert holder(files) == f"process {os.getpid()} on {os.uname().nodename}"
    assert holder(files) == ""
