"""The live page's server: this machine only, one page, one line for bad input."""

import http.client
import socket
import threading

import pytest

from bsvae.trial import BadInput
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


def test_a_taken_port_is_one_line(small_results):
    page = LivePage("small", str(small_results), redraw=float("inf"))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(BadInput, match=r"--port \d+: .* choose another"):
            server(page, holder.getsockname()[1])
    with pytest.raises(BadInput, match="--port 70000"):
        server(page, 70_000)


def test_an_unknown_sweep_is_one_line(bsvae):
    done = bsvae("serve", "nowhere")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
