"""`bsvae status --watch`, beside real runs, in a real terminal and without one."""

import itertools
import os
import re
import signal
import subprocess
import time

import pytest
from conftest import command
from terminal import Terminal

from sweeps.ledger.ledger import Ledger

SWEEP = """
[trial]
dataset = "digits"
hidden = 64
epochs = 50

[[grid]]
family = ["gaussian"]
latent_dim = [2, 4, 8]

[[grid]]
family = ["logit_normal"]
latent_dim = [2, 4, 8]
"""
RUN = ["run", "my.toml", "--engine", "serial", "--pack", "1"]
WATCH = ["status", "my", "--watch"]


@pytest.fixture
def run(tmp_path):
    """Start a run in the background; what it wants is kept when this returns."""
    (tmp_path / "my.toml").write_text(SWEEP)
    started = []

    def start(*options, kept=(tmp_path / "results/my/sweep.json").exists, **environment):
        process = subprocess.Popen(
            command(*RUN, *options),
            cwd=tmp_path,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
        )
        started.append(process)
        wait_for(kept)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def start(*arguments):
        opened.append(Terminal(command(*arguments), tmp_path))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def done(lines):
    """The count of the screen's one line that has it."""
    (found,) = (match for line in lines if (match := re.match(r"(\d+) of 6 trials", line)))
    return int(found[1])


def test_the_screen_follows_a_run_in_place_and_ends_with_it(run, terminal):
    running = run()
    view = terminal(*WATCH)
    screens = view.watch(lambda: view.process.poll() is not None, seconds=120)
    assert view.process.returncode == 0
    assert running.wait(timeout=60) == 0
    live = [lines for lines in screens if any("as of" in line for line in lines)]
    counts = [done(lines) for lines in live]
    assert counts == sorted(counts), "counts only rise"
    assert len(set(counts)) >= 3, "and are seen to"
    driver = f"run by process {running.pid} on {os.uname().nodename}"
    for lines in live:
        heads = [line for line in lines if line.startswith("family")]
        assert len(heads) == 1, "one view, no leftover of the one before"
        assert [line.split()[0] for line in lines[2:4]] == ["gaussian", "logit_normal"]
        assert driver in lines
    last = screens[-1]
    assert done(last) == 6
    assert re.match(r"gaussian +3 +3 +0 +0 +0 +\d+\.\d+ +\d+$", last[2])
    assert not any("as of" in line for line in last)
    assert last[-1] == "next: bsvae table my"
    assert b"\x1b[?1049h" not in view.output, "the shell's own lines stay"
    assert not view.cursor_is_hidden


def test_ctrl_c_ends_the_view_and_not_the_run(run, terminal):
    running = run()
    view = terminal(*WATCH)
    view.watch(lambda: any("as of" in line for line in view.lines()), seconds=60)
    view.press(b"\x03")
    view.watch(lambda: view.process.poll() is not None, seconds=20)
    assert view.process.returncode == 130
    assert "Traceback" not in "\n".join(view.lines())
    assert not view.cursor_is_hidden
    assert running.poll() is None


def test_packs_in_training_are_seen_before_any_trial_ends(run, bsvae, tmp_path):
    running = run("--epochs", "100000", BSVAE_CHECKPOINT_SECONDS="0")
    wait_for(lambda: list((tmp_path / "results/my/checkpoints").glob("*-0000*.ckpt")))
    time.sleep(2)
    shown = bsvae("status", "my").stdout
    assert "0 of 6 trials have a result" in shown
    assert re.search(
        r"^1 trial in training for .+; about .+ left\n"
        rf"run by process {running.pid} on \S+\n"
        r"in training: 1 gaussian, latent_dim 2; epoch \d+ of 100000, test_neg_elbo \d+\.\d+$",
        shown,
        re.MULTILINE,
    )
    running.send_signal(signal.SIGKILL)
    running.wait()
    (stale,) = (tmp_path / "results/my/.running").glob("*.json")
    left = bsvae("status", "my").stdout
    going_on = r"^no run holds it\nto go on: 1 gaussian, latent_dim 2; epoch \d+ of 100000$"
    assert re.search(going_on, left, re.MULTILINE)
    assert "in training" not in left
    assert "next: the command that started it goes on where it stopped" in left
    other = stale.with_name("0123456789abcdef.json")
    other.write_text(stale.read_text())
    run("--epochs", "100000", kept=lambda: not other.exists())


def test_a_sweep_that_was_not_started_is_waited_for(run, tmp_path):
    watched = subprocess.Popen(
        command(*WATCH), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said = watched.stdout.readline()
    assert said == "no run of 'my' in 'results' yet: waiting for it; Ctrl-C ends the view\n"
    run("--epochs", "1")
    printed, errors = watched.communicate(timeout=120)
    assert (watched.returncode, errors) == (0, "")
    assert "6 of 6 trials have a result in results/my" in printed


def test_without_a_terminal_there_is_a_plain_block_for_every_change(run, bsvae):
    run()
    watched = bsvae(*WATCH, FORCE_COLOR="1")
    assert watched.returncode == 0, watched.stderr
    assert "\x1b" not in watched.stdout
    assert "\r" not in watched.stdout
    blocks = re.split(r"^(?= family)", watched.stdout, flags=re.MULTILINE)[1:]
    assert len(blocks) >= 3
    assert all(a != b for a, b in itertools.pairwise(blocks))
    assert done(blocks[-1].splitlines()) == 6


def test_results_in_a_bucket_are_watched_too(store, run, bsvae):
    place = ["--results", "s3://bucket/watched"]
    ledger = Ledger("s3://bucket/watched", "my")
    running = run(*place, kept=lambda: ledger.files.has("sweep.json"))
    watched = bsvae(*WATCH, *place)
    assert running.wait(timeout=120) == 0
    assert watched.returncode == 0, watched.stderr
    assert f"run by process {running.pid} on" in watched.stdout
    assert "6 of 6 trials have a result in s3://bucket/watched/my" in watched.stdout
    assert "next: bsvae table my --results s3://bucket/watched" in watched.stdout
    assert ledger.driver() == ""


def test_the_last_failure_is_shown_without_what_a_terminal_obeys(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP)
    assert bsvae(*RUN, "--epochs", "0").returncode == 0
    ledger = Ledger(tmp_path / "results", "my")
    row = next(iter(ledger.rows().values()))
    ledger.commit(row | {"status": "failed", "error": "no\x1b[2J memory\n for it"})
    shown = bsvae("status", "my").stdout
    assert f"last failure: {row['trial_id']} failed: no [2J memory  for it" in shown
    assert "\x1b" not in shown


def test_a_sweep_without_results_is_one_line(bsvae):
    refused = bsvae("status", "quickstart")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
