"""A cluster's address that is none: one line, within seconds, and nothing is changed."""

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from in_process import contents

from sweeps.running import ray_life

GOOD = '[trial]\nfamily = "gaussian"\ndataset = "digits"\nlatent_dim = 2\n'


@contextlib.contextmanager
def web_server():
    """Something that is no Ray, as its HOST:PORT: what a dashboard's port would be."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_cluster_address_of_something_else(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(GOOD)
    with web_server() as address:
        done = bsvae("run", "my.toml", RAY_ADDRESS=address)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "what answers there is no head of a Ray cluster" in done.stderr


def test_a_cluster_address_that_says_nothing(monkeypatch):
    monkeypatch.setattr(ray_life, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimeoutError):
        ray_life.check_reachable(f"127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "http://127.0.0.1:8265"])
def test_a_wrong_cluster_address(bsvae, tmp_path, address):
    (tmp_path / "my.toml").write_text(GOOD)
    before = contents(tmp_path)
    done = bsvae("run", "my.toml", RAY_ADDRESS=address)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"bsvae: cannot reach Ray at '{address}'" in done.stderr
    assert "check RAY_ADDRESS and RAY_AUTH_TOKEN, or unset RAY_ADDRESS" in done.stderr
    assert contents(tmp_path) == before
