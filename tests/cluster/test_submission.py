"""A sweep as a job on a real cluster of one machine, which asks for a token."""

import contextlib
import importlib.util
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import command, end_session

from sweeps.cluster.request import Request
from sweeps.cluster.submission import exit_status
from sweeps.ledger.ledger import Ledger

SWEEP = """
[trial]
family = "gaussian"
dataset = "digits"
hidden = 8
epochs = 2
[[grid]]
latent_dim = [2, 3]
"""
TOKEN = "correct-horse-battery-staple-00000000000"
needs_jobs = pytest.mark.skipif(
    importlib.util.find_spec("aiohttp") is None, reason="ray[default] is not installed"
)


@pytest.mark.parametrize("word", ["a; touch evil", "$(touch evil)", "`id`", "a' b", "-x", "\n"])
def test_a_job_is_words_not_shell(word):
    entrypoint = Request("my", SWEEP, (f"--set=family={word}",)).entrypoint
    assert shlex.split(entrypoint)[4:] == ["my.toml", f"--set=family={word}"]
    echoed = subprocess.run(
        ["/bin/sh", "-c", entrypoint.replace("python", "printf '%s\\0'", 1)],
        capture_output=True,
        text=True,
    )
    assert echoed.stdout.split("\0")[-2] == f"--set=family={word}"


def test_a_job_is_known_by_what_is_asked():
    asked = Request("my", SWEEP, ("--epochs=3",))
    assert asked.job == Request("my", SWEEP, ("--epochs=3",)).job
    others = [Request("my", SWEEP, ()), Request("my", SWEEP + "#", asked.options)]
    assert asked.job not in {other.job for other in others}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope", "--address", "http://127.0.0.1:1", "--results", "/r"], "unknown sweep 'nope'"),
        (["tiny", "--address", "http://127.0.0.1:1", "--results", "r"], "name a URI (s3://BUCKET"),
        (["tiny", "--address", "127.0.0.1:1", "--results", "/r"], "write it as http://127.0.0.1:"),
        (["tiny", "--address", "http://127.0.0.1:1", "--results", "/r"], "no Ray dashboard answ"),
        (["tiny", "--results", "/r"], "Missing option '--address'"),
    ],
)
@needs_jobs
def test_bad_input_gets_one_line_and_exit_code_two(bsvae, arguments, message):
    done = bsvae("submit", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert message in done.stderr


@needs_jobs
def test_a_port_that_never_answers_is_given_up_in_seconds(bsvae):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = bsvae("submit", "tiny", "--address", address, "--results", "/r")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert time.monotonic() - started < 15


def test_without_the_jobs_api_the_extra_is_named(tmp_path):
    code = "import sys; sys.modules['aiohttp'] = None; from sweeps.cli import main; main()"
    arguments = ["submit", "tiny", "--address", "http://127.0.0.1:1", "--results", "/r"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert (
        done.stderr
        == "bsvae: submit needs the extra 'cluster' (Ray's Jobs API): pip install -e '.[cluster]'\n"
    )


@needs_jobs
@pytest.mark.parametrize(
    ("status", "code", "given"),
    [
        ("SUCCEEDED", 0, 0),
        ("FAILED", 2, 2),
        ("FAILED", None, 1),
        ("FAILED", -9, 1),
        ("STOPPED", -15, 130),
        ("STOPPED", None, 130),
    ],
)
def test_a_job_gives_the_exit_status_of_its_run(status, code, given):
    from ray.job_submission import JobDetails

    details = JobDetails(
        type="SUBMISSION", status=status, entrypoint="e", message="why", driver_exit_code=code
    )
    assert exit_status(details) == given


@pytest.fixture(scope="module")
def cluster():
    """A head on loopback with a token: its address, and the environment that holds the token."""
    folder = Path(tempfile.mkdtemp(prefix="ray"))  # a short path, for Ray's sockets
    (folder / ".ray").mkdir(mode=0o700)
    (folder / ".ray/auth_token").write_text(TOKEN)
    environment = {
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RAY_AUTH_MODE": "token",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listen on loopback alone
        "RAY_raylet_start_wait_time_s": "200",  # a busy machine is no failure
        "RAY_agent_register_timeout_ms": "200000",
    }
    gcs, client, dashboard = _free_ports(3)
    options = {
        "port": gcs,
        "ray-client-server-port": client,
        "dashboard-port": dashboard,
        "dashboard-host": "127.0.0.1",
        "node-ip-address": "127.0.0.1",
        "dashboard-agent-listen-port": 0,
        "num-cpus": 1,
        "object-store-memory": 100_000_000,
        "temp-dir": folder / "r",
    }
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    start += ["--disable-usage-stats", *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "log").open("w") as log:
        head = subprocess.Popen(
            start, env=os.environ | environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_up(head, folder / "log")
        yield f"http://127.0.0.1:{dashboard}", environment
    finally:
        head.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            head.wait(timeout=30)
        end_session(head.pid)
        head.wait()
        shutil.rmtree(folder, ignore_errors=True)


@needs_jobs
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_job_is_left_and_rejoined_and_its_rows_arrive(cluster, bsvae, tmp_path):
    address, environment = cluster
    (tmp_path / "my.toml").write_text(SWEEP)
    results = tmp_path / "out"
    words = ["submit", "my.toml", "--address", address, "--results", str(results)]
    first = subprocess.Popen(
        command(*words),
        cwd=tmp_path,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert "is sent; Ctrl-C leaves it running" in first.stdout.readline()
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate(timeout=90)
    assert first.returncode == 130
    assert "the same command rejoins it" in errors
    assert "Traceback" not in errors

    rejoined = bsvae(*words, **environment)
    assert rejoined.returncode == 0, rejoined.stdout + rejoined.stderr
    assert "is running; following it" in rejoined.stdout
    assert "2 trials done, 0 failed or diverged" in rejoined.stdout
    assert rejoined.stdout.endswith("succeeded, exit status 0\n")
    assert Ledger(results, "my").trials()["latent_dim"].tolist() == [2, 3]


@needs_jobs
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_token_and_a_wrong_one_are_refused(cluster, bsvae, tmp_path):
    address, environment = cluster
    words = ["submit", "tiny", "--address", address, "--results", str(tmp_path)]
    for variables, message in [
        ({"HOME": str(tmp_path)}, "wants a token: give the cluster's own in RAY_AUTH_TOKEN"),
        ({"RAY_AUTH_TOKEN": "wrong"}, "refuses the token: give the cluster's own in"),
    ]:
        done = bsvae(*words, **(environment | variables))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert message in done.stderr
    with pytest.raises(urllib.error.HTTPError, match="401"):  # nor anyone else
        urllib.request.urlopen(f"{address}/api/jobs/", timeout=5)


def _free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports


def _wait_until_up(head, log):
    deadline = time.monotonic() + 250
    while "will now block forever" not in log.read_text():
        assert head.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline
        time.sleep(0.2)
