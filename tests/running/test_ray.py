"""The same sweep on real Ray: equal to the serial engine, after kills and failures too."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import command, end_session, members

from bsvae.trial import Trial
from sweeps.ledger.ledger import Ledger
from sweeps.running.job import Job
from sweeps.running.settle import give_up
from sweeps.running.worker import train_pack

SWEEP = """
select_on_test = true
[trial]
dataset = "digits"
hidden = 32
epochs = 6
[[grid]]
family = ["gaussian", "logit_normal"]
latent_dim = [2, 6]
[search.kl_weight]
low = 0.1
high = 10.0
log = true
[optuna]
trials = 6
round = 3
"""
FAILING = """
[trial]
family = "gaussian"
dataset = "digits"
latent_dim = 2
epochs = 2
[[grid]]
hidden = [16, 1_000_000_000]
[[grid]]
hidden = [16]
latent_dim = [3, 1_000_000_000]
"""


def metrics(folder):
    frame = pd.read_parquet(folder / "my" / "trials").set_index("trial_id").sort_index()
    return frame[[name for name in frame if name.startswith(("train_", "test_"))]]


def relative_difference(a, b):
    assert a.index.equals(b.index)
    scale = a.abs().clip(lower=1e-3)
    scale["test_code_gain"] = a["test_distortion"]  # it is the difference of two distortions
    return ((a - b).abs() / scale).max().max()


@pytest.fixture
def reference(bsvae, tmp_path):
    """The rows that the serial engine gives."""
    (tmp_path / "my.toml").write_text(SWEEP)
    done = bsvae("run", "my.toml", "--engine", "serial", "--results", "serial", "--pack", "1")
    assert done.returncode == 0, done.stderr
    return metrics(tmp_path / "serial")


@pytest.mark.slow
def test_packs_and_engines_give_the_same_rows(bsvae, tmp_path, reference):
    for pack in ("1", "8"):
        done = bsvae("run", "my.toml", "--results", f"pack{pack}", "--pack", pack)
        assert done.returncode == 0, done.stderr
        assert relative_difference(reference, metrics(tmp_path / f"pack{pack}")) < 1e-5
    sizes = Ledger(tmp_path / "pack8", "my").trials()["pack_size"]
    assert sizes.max() > 1


@pytest.mark.slow
def test_a_killed_driver_resumes_and_a_finished_sweep_trains_nothing(bsvae, tmp_path, reference):
    arguments = ("run", "my.toml", "--results", "killed", "--pack", "2", "--set", "epochs=16")
    driver = subprocess.Popen(
        command(*arguments), cwd=tmp_path, stdout=subprocess.DEVNULL, start_new_session=True
    )
    ledger = Ledger(tmp_path / "killed", "my")
    deadline = time.monotonic() + 120
    while len(ledger.rows()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    end_session(driver.pid)
    before = ledger.trials().set_index("trial_id")["finished_at"]
    assert 2 <= len(before) < 24

    resumed = bsvae(*arguments)
    assert resumed.returncode == 0, resumed.stderr
    after = ledger.trials().set_index("trial_id")["finished_at"]
    assert len(after) == 24
    assert after[before.index].equals(before), "finished trials were not trained again"
    whole = bsvae(*arguments[:2], "--results", "whole", *arguments[4:], "--engine", "serial")
    assert whole.returncode == 0, whole.stderr
    assert relative_difference(metrics(tmp_path / "whole"), metrics(tmp_path / "killed")) < 1e-5

    third = bsvae(*arguments)
    assert third.returncode == 0
    assert ledger.trials().set_index("trial_id")["finished_at"].equals(after)


@pytest.mark.slow
def test_interrupting_keeps_what_is_finished(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP)
    arguments = ("run", "my.toml", "--pack", "2", "--set", "epochs=60")
    driver = subprocess.Popen(
        command(*arguments), cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    ledger = Ledger(tmp_path / "results", "my")
    deadline = time.monotonic() + 120
    while len(ledger.rows()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does
    interrupted = time.monotonic()
    _, errors = driver.communicate(timeout=60)
    assert time.monotonic() - interrupted < 15
    assert driver.returncode == 130
    assert "interrupted; every finished trial is kept in results/my" in errors
    assert "Traceback" not in errors
    assert 2 <= len(ledger.rows()) < 24


def test_a_result_that_comes_late_is_not_replaced_by_a_failure(tmp_path):
    trial = Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=8, epochs=1)
    ledger = Ledger(tmp_path, "my")
    give_up(ledger, trial, "lost")
    assert ledger.rows()[trial.trial_id]["error"] == "lost"
    train_pack([trial], Job(str(tmp_path), "my"), lambda epoch: None)
    give_up(ledger, trial, "lost")
    assert ledger.rows()[trial.trial_id]["status"] == "done"


@pytest.mark.slow
def test_a_pack_that_always_fails_is_a_row_and_the_rest_goes_on(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(FAILING)
    done = bsvae("run", "my.toml")
    assert done.returncode == 1, done.stderr
    rows = Ledger(tmp_path / "results", "my").trials()
    counts = rows.groupby("status").size().to_dict()
    assert counts == {"done": 2, "failed": 2}
    assert rows[rows["status"] == "failed"]["error"].str.contains("allocate").all()


@pytest.mark.slow
def test_a_process_that_a_trial_has_broken_fails_no_other(bsvae, tmp_path):
    seeds = "[[grid]]\nfamily = ['gaussian']\nlatent_dim = [2]\nseeds = [1, 2, 3, 4, 5, 6]\n"
    (tmp_path / "my.toml").write_text(SWEEP.partition("[[grid]]")[0] + seeds)
    witness = str(Path(__file__).parents[1] / "faults" / "witness")
    paths = os.pathsep.join(filter(None, [witness, os.environ.get("PYTHONPATH")]))
    environment = {"PYTHONPATH": paths, "WITNESS": str(tmp_path / "notes"), "FAULT": "1"}
    done = bsvae("run", "my.toml", "--pack", "1", **environment)
    assert done.returncode == 1, done.stderr
    rows = Ledger(tmp_path / "results", "my").trials().set_index("seed")
    assert rows["status"].to_dict() == {1: "failed"} | dict.fromkeys(range(2, 7), "done")


@pytest.mark.slow
def test_what_ends_a_run_ends_it_at_once(bsvae, tmp_path):
    short, long = (
        "[[grid]]\nfamily = ['gaussian']\nlatent_dim = [2]\nepochs = [2]\n",
        "[[grid]]\nfamily = ['gaussian']\nlatent_dim = [2]\nepochs = [100000]\n",
    )
    constants = "[trial]\ndataset = 'digits'\nhidden = 32\n"
    (tmp_path / "my.toml").write_text(constants + short + long)
    (tmp_path / "results/my").mkdir(parents=True)
    (tmp_path / "results/my/trials").write_text("in the way")
    done = bsvae("run", "my.toml")  # hours, if it waited for the other pack
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "results/my (File exists); the same command" in done.stderr


@pytest.mark.slow
def test_a_local_run_listens_on_loopback_alone_and_keeps_its_token_to_itself(tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP)
    driver = subprocess.Popen(
        command("run", "my.toml", "--set", "epochs=200"),
        cwd=tmp_path,
        env=os.environ | {"HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        addresses, deadline = set(), time.monotonic() + 60
        while time.monotonic() < deadline and len(list(members(driver.pid))) < 8:
            time.sleep(0.2)
        for _ in range(25):  # the head, then its workers
            addresses |= _listening(driver.pid)
            time.sleep(0.2)
        assert addresses, "Ray listens somewhere"
        assert addresses <= {"127.0.0.1", "::1"}
        modes = [(tmp_path / name).stat().st_mode & 0o777 for name in (".ray", ".ray/auth_token")]
        assert modes == [0o700, 0o600]
    finally:
        driver.kill()
        driver.wait()
        end_session(driver.pid)


def _listening(session):
    """Addresses that the processes of a session listen on, from the kernel's own tables."""
    inodes = set()
    for pid in members(session):
        with contextlib.suppress(OSError):
            for handle in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    inodes.add(os.readlink(handle.path))
    addresses = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                addresses.add(_address(fields[1].split(":")[0]))
    return addresses


def _address(text):
    words = [bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8)]
    return ".".join(map(str, words[-1])) if words[-1] != b"\0\0\0\1" else "::1"
