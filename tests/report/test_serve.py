"""The live page's server: this machine only, one page, one line for bad input."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import pytest
from conftest import command

from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.notes import write_note
from sweeps.report.serve import LivePage, server


@pytest.fixture(scope="module")
def running(small_results):
    page = LivePage("small", str(small_results), redraw=float("inf"))
    with server(page, 0) as opened:
        thread = threading.Thread(target=opened.serve_forever)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def get(running, path="/", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=60)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_page_is_served_on_the_loopback_interface_alone(running):
    assert running.server_address[0] == "127.0.0.1"
    status, text = get(running)
    assert status == 200
    assert '<body data-refresh="5">' in text
    assert get(running)[1] == text
    assert get(running, "/small/trials")[0] == 404
    assert get(running, "/../../etc/passwd")[0] == 404
    assert get(running, host="elsewhere.example")[0] == 403


def test_figures_wait_and_then_come(small_results):
    waiting = LivePage("small", str(small_results), redraw=float("inf"))
    assert "data:image/svg" not in waiting.html()


def test_packs_in_training_are_on_the_page_before_any_of_their_trials_ends(small_results, tmp_path):
    shutil.copytree(small_results, tmp_path / "results")
    ledger = Ledger(tmp_path / "results", "small")
    page = LivePage("small", str(tmp_path / "results"), redraw=float("inf"))
    assert '<section id="running" data-live hidden>' in page.html()
    trials = [Trial(family="gaussian", latent_dim=size, epochs=9, seed=5) for size in (2, 4)]
    curve = {"epoch": [1, 2, 3], "test_neg_elbo": [90.0, 40.0, 31.25]}
    told = [
        {
            "trial_id": trial.trial_id,
            "fields": {"family": "gaussian", "latent_dim": trial.latent_dim, "epochs": 9},
            "seconds": 6.0,
            "latest": {"test_neg_elbo": 31.25 + trial.latent_dim},
            "curve": curve,
        }
        for trial in trials
    ]
    note = {"started": time.time(), "updated": time.time(), "epoch": 3, "trials": told}
    with ledger.driver_lock():
        write_note(ledger.files, "k" * 16, note)
        text = page.html()
        assert (
            "<b>2 gaussian, latent_dim 2, 4</b><br>\nepoch 3 of 9, test neg elbo <b>33.25</b>"
            in text
        )
        assert text.count("<polyline") == 2
        assert f"Run by process {os.getpid()} on " in text
        (tmp_path / "results/small/.running" / f"{'k' * 16}.json").write_text("{torn")
        assert "No pack is in training yet" in page.html()
        (tmp_path / "results/small/.running" / f"{'k' * 16}.json").unlink()
        assert "No pack is in training yet" in page.html()
        write_note(ledger.files, "k" * 16, note)
    assert '<section id="running" data-live hidden>' in page.html(), "nobody is there to train it"


def test_a_taken_port_is_one_line(small_results):
    page = LivePage("small", str(small_results), redraw=float("inf"))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(BadInput, match=r"--port \d+: .* choose another"):
            server(page, holder.getsockname()[1])
    with pytest.raises(BadInput, match="--port 70000"):
        server(page, 70_000)


def test_a_sweep_is_waited_for_and_its_packs_are_served_before_any_row(tmp_path):
    (tmp_path / "my.toml").write_text('[trial]\nfamily = "gaussian"\nlatent_dim = 2\nepochs = 9\n')
    sweep, ledger = read_sweep(str(tmp_path / "my.toml")), Ledger(tmp_path / "results", "my")
    pack = {
        "trial_id": sweep.trials_of(sweep.cells[0])[0].trial_id,
        "fields": {"family": "gaussian", "latent_dim": 2, "epochs": 9},
        "seconds": 6.0,
        "latest": {"test_neg_elbo": 33.25},
        "curve": {"epoch": [1, 2, 3], "test_neg_elbo": [90.0, 40.0, 33.25]},
    }
    for name in ("my.toml", "my"):
        serving = subprocess.Popen(
            command("serve", name, "--port", "0"),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            said = serving.stdout.readline()
            assert said.startswith(f"no run of {name!r} in 'results' yet: waiting for it")
            with ledger.driver_lock():
                ledger.write_definition(sweep.document)
                now = {"started": time.time(), "updated": time.time(), "epoch": 3}
                write_note(ledger.files, "k" * 16, now | {"trials": [pack]})
                address = serving.stdout.readline().split()[0]
                with urllib.request.urlopen(address, timeout=60) as answer:
                    text = answer.read().decode()
            assert "<b>1 gaussian, latent_dim 2</b><br>\nepoch 3 of 9" in text
            serving.send_signal(signal.SIGINT)
            assert serving.wait(timeout=30) == 0
        finally:
            serving.kill()
            serving.communicate()
        shutil.rmtree(tmp_path / "results")
