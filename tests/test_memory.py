"""A pack that does not fit the memory is halved, and the sweep goes on."""

import subprocess
import sys

import sweeps

SWEEP = """
[trial]
family = "gaussian"
dataset = "digits"
latent_dim = 2
hidden = 3000
batch_size = 500
epochs = 1
[[grid]]
kl_weight = [0.5, 1.0, 2.0, 4.0]
"""

LIMITED = """
import resource, sys, torch, sweeps.worker
from sweeps.cli import main
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv.pop(1)),) * 2)
main()
"""


def test_a_pack_that_runs_out_of_memory_is_halved(tmp_path):
    """Four members with 18 million weights each need 1,170 MB and more, two of them half of it."""
    (tmp_path / "wide.toml").write_text(SWEEP, encoding="utf-8")
    command = [sys.executable, "-c", LIMITED, str(1100 * 2**20), "run", "wide.toml"]
    options = ["--engine", "serial", "--pack", "4"]
    done = subprocess.run(command + options, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "a pack of 4 ran out of memory: going on with halves" in done.stdout
    trials = sweeps.load("wide", results=tmp_path / "results")
    assert trials["status"].tolist() == ["done"] * 4
    assert trials["pack_size"].max() <= 2
