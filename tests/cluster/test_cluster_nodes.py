"""What the nodes of a cluster install, and the watcher that runs on them."""

import http.server
import os
import re
import subprocess
import threading
import tomllib

import pytest
from packaging.requirements import Requirement
from test_cluster_files import ROOT


def locked():
    """The versions in the lock, each of which has a hash."""
    text = (ROOT / "cluster/requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^([\w.-]+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
    assert len(entries) == len(re.findall(r"^\w", text, re.M)), "every line is a pin with a hash"
    return dict(entries)


def test_the_lock_fits_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["cluster"]
    versions = locked()
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(versions[requirement.name]), requirement
    assert any(name.startswith("nvidia-cuda-runtime") for name in versions), "torch for GPUs"


@pytest.fixture
def metadata_server():
    """EC2's metadata service with IMDSv2, whose second answer is a spot notice."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            wanted = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
            self.answer(200 if self.path == "/latest/api/token" and wanted else 400, "session")

        def do_GET(self):
            if self.headers.get("X-aws-ec2-metadata-token") != "session":
                return self.answer(401, "")
            asked.append(self.path)
            notice = '{"action": "terminate", "time": "2017-09-18T08:22:00Z"}'
            return self.answer(404 if len(asked) == 1 else 200, notice)

        def answer(self, status, text):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_a_spot_notice_drains_the_node(metadata_server, tmp_path):
    address, asked = metadata_server
    for name, text in {
        "python": "echo 0123abcd",
        "ray": f'printf "%s\\n" "$@" >> {tmp_path}/words; test -e {tmp_path}/tried || '
        f"{{ touch {tmp_path}/tried; exit 1; }}",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "METADATA_URL": address,
        "PAUSE": "0.1",
        "RAY_ADDRESS": "10.0.0.1:6379",
        "TMPDIR": str(tmp_path),
    }
    script = ROOT / "cluster/drain_on_spot_notice.sh"
    done = subprocess.run(
        ["bash", script], env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert asked == ["/latest/meta-data/spot/instance-action"] * 2, "asked until there was a notice"
    words = (tmp_path / "words").read_text().splitlines()
    assert words[: len(words) // 2] == words[len(words) // 2 :], "a drain that failed is repeated"
    options = dict(zip(words[1:13:2], words[2:13:2], strict=False))
    assert words[0] == "drain-node"
    assert options["--address"] == "10.0.0.1:6379"
    assert options["--node-id"] == "0123abcd"
    assert options["--reason"] == "DRAIN_NODE_REASON_PREEMPTION"
    assert options["--deadline-remaining-seconds"] == "120"
