import shutil
import time
from importlib.metadata import version

import pytest

from sweeps.ledger.ledger import Ledger
from sweeps.results.pareto import front

TYPO = '[trial]\nfamily = "gaussian"\nlatent_dims = 4\n'
GOOD = '[trial]\nfamily = "gaussian"\ndataset = "digits"\nlatent_dim = 2\nhidden = 8\nepochs = 1\n'
MNIST = '[trial]\nfamily = "gaussian"\nlatent_dim = 2\nepochs = 1\n'

SERIAL = ["run", "my.toml", "--engine", "serial"]


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ({}, ["run", "quikstart"], "unknown sweep 'quikstart' (did you mean 'quickstart'?)"),
        ({}, ["run", "nowhere/my.toml"], "nowhere/my.toml: no such file"),
        ({"my.toml": TYPO}, ["run", "my.toml"], "unknown key 'latent_dims' (did you mean 'latent_"),
        ({}, ["run", "quickstart", "--no-such"], "No such option"),
        ({}, ["frobnicate"], "No such command"),
        ({"my.toml": MNIST}, [*SERIAL, "--data", "nowhere"], "nowhere' does not exist"),
        ({"my.toml": MNIST}, [*SERIAL, "--data", "."], "no MNIST in"),
        ({}, ["status", "quickstart"], "has no results in 'results': bsvae run quickstart"),
        ({}, ["plan", "quickstart", "--set", f"kl_weight=1{'0' * 400}"], "must be a finite number"),
        ({}, ["plan", "quickstart", "--set", f"kl_weight={'[' * 3000}"], "must be a finite number"),
        ({}, ["plan", "quickstart", "--set", f"seed={'9' * 20}"], "and <= 1000000000"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_two(bsvae, tmp_path, files, arguments, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = bsvae(*arguments, BSVAE_DATA="")
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_a_truncated_mnist_file_is_named(bsvae, tmp_path, mnist):
    import os

    raw = tmp_path / "data/MNIST/raw"
    shutil.copytree(f"{os.environ['BSVAE_DATA']}/MNIST/raw", raw, copy_function=shutil.copyfile)
    (raw / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    (tmp_path / "my.toml").write_text(MNIST)
    done = bsvae("run", "my.toml", "--data", "data")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "t10k-images-idx3-ubyte: truncated" in done.stderr


def test_serial_run_status_show_and_table(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(GOOD)
    plan = bsvae("plan", "my.toml")
    assert "1 trial wanted, 0 done, 1 to train" in plan.stdout
    assert not (tmp_path / "results").exists()
    run = bsvae("run", "my.toml", "--engine", "serial")
    assert run.returncode == 0, run.stderr
    assert "1 trial done, 0 failed or diverged: results/my" in run.stdout
    assert "nothing to train" in bsvae("plan", "my.toml").stdout
    status = bsvae("status", "my").stdout
    assert "1 of 1 trial" in status
    assert "trials per minute over the last" in status
    assert "this plan is for this machine" in bsvae("plan", "my.toml", RAY_ADDRESS="n:1").stdout
    shown = bsvae("show", "my", "--where", "latent_dim == 2").stdout
    assert "1 of 1 trials by test_neg_elbo" in shown
    assert "gaussian" in bsvae("table", "my").stdout
    assert "1/1" in bsvae("ls").stdout
    refused = bsvae("show", "my", "--where", "__import__('os')")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_two_objectives_are_searched_and_their_pareto_front_is_shown(bsvae, tmp_path):
    search = "[search.kl_weight]\nlow = 0.1\nhigh = 10.0\nlog = true\n"
    budget = '[optuna]\ntrials = 6\nround = 3\nobjectives = ["test_distortion", "test_kl"]\n'
    (tmp_path / "my.toml").write_text("select_on_test = true\n" + GOOD + search + budget)
    assert bsvae("run", "my.toml", "--engine", "serial").returncode == 0
    trials = Ledger(tmp_path / "results", "my").trials()
    best = front(trials, ["test_distortion", "test_kl"])
    shown = bsvae("show", "my").stdout
    title = f"Pareto front of test_distortion, test_kl: {len(best)} of 6 trials"
    assert title in shown
    upper = shown.split("6 of 6 trials by test_distortion")[0]
    assert {name for name in trials["trial_id"] if name in upper} == set(best["trial_id"])


def test_one_bad_trial_fails_alone_and_a_retry_has_the_last_word(bsvae, tmp_path):
    """Both are one pack at first; the one that needs more memory than there is must not hurt."""
    sizes = "[[grid]]\nlatent_dim = [2, 1_000_000_000]\n"
    text = GOOD.replace("latent_dim = 2\n", "").replace("hidden = 8", "hidden = 200") + sizes
    (tmp_path / "my.toml").write_text(text)
    run = bsvae("run", "my.toml", "--engine", "serial", "--pack", "4")
    assert run.returncode == 1, run.stderr
    assert "1 trial done, 1 failed" in run.stdout
    assert "allocate" in run.stdout
    assert "Traceback" not in run.stderr
    ledger = Ledger(tmp_path / "results", "my")
    (failed,) = (row for row in ledger.rows().values() if row["status"] == "failed")
    assert bsvae("run", "my.toml", "--engine", "serial").returncode == 1
    assert ledger.rows()[failed["trial_id"]] == failed, "not tried again"
    assert bsvae("run", "my.toml", "--engine", "serial", "--retry-failed").returncode == 1
    assert ledger.rows()[failed["trial_id"]]["finished_at"] > failed["finished_at"]


def test_show_and_table_follow_what_was_last_asked_for(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(GOOD)
    assert bsvae("run", "my.toml", "--engine", "serial").returncode == 0
    again = ("run", "my.toml", "--engine", "serial", "--epochs", "2", "--yes")
    assert bsvae(*again).returncode == 0
    for command in ("show", "table"):
        printed = bsvae(command, "my").stdout
        assert "not shown: 1 row of my as it was asked for before" in printed
    assert "ours: 2 epochs, 1 seed" in bsvae("table", "my").stdout


def test_a_disk_that_refuses_is_one_line(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(GOOD)
    (tmp_path / "results/my").mkdir(parents=True)
    (tmp_path / "results/my/trials").write_text("in the way")
    done = bsvae("run", "my.toml", "--engine", "serial")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot write" in done.stderr


def test_text_from_sweep_files_is_printed_as_it_is(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text('about = "KL [/nats] [red]"\n' + GOOD)
    assert bsvae("run", "my.toml", "--engine", "serial").returncode == 0
    (tmp_path / "results/broken").mkdir()
    (tmp_path / "results/broken/sweep.json").write_text("3")
    listed = bsvae("ls")
    assert listed.returncode == 0, listed.stderr
    assert "KL [/nats] [red]" in listed.stdout
    assert "unreadable: " in listed.stdout


def test_the_version_is_the_packages(bsvae):
    assert bsvae("--version").stdout == f"bsvae {version('bsvae')}\n"


def test_help_answers_at_once_without_heavy_imports(bsvae):
    started = time.perf_counter()
    done = bsvae("--help")
    assert done.returncode == 0
    assert "resume" in done.stdout
    assert time.perf_counter() - started < 2.0  # 0.23 s on an idle machine
