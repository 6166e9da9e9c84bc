"""A real cluster that this program cannot join: one line, and nothing started."""

import os
import platform
import subprocess
import sys

import pytest
import ray
from nodes import cluster, ended

SWEEP = """
[trial]
family = "gaussian"
dataset = "digits"
latent_dim = 2
"""

#: What a head stores of itself when it starts, stored anew by one of other versions.
STORE = """
import json, sys
from ray._common.usage.usage_constants import CLUSTER_METADATA_KEY as KEY
from ray._private.ray_constants import KV_NAMESPACE_CLUSTER as PLACE
from ray._raylet import GcsClient

store, changes = GcsClient(address=sys.argv[1]), json.loads(sys.argv[2])
known = json.loads(store.internal_kv_get(KEY, namespace=PLACE))
content = json.dumps(known | changes).encode()
store.internal_kv_put(KEY, content, overwrite=True, namespace=PLACE)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "theirs"),
    [
        ('{"ray_version": "2.59.0"}', "Ray: 2.59.0"),
        ('{"python_version": "3.9.1"}', "Python: 3.9.1"),
    ],
)
def test_a_cluster_of_other_versions(tmp_path, changes, theirs):
    (tmp_path / "my.toml").write_text(SWEEP)
    with cluster(tmp_path) as nodes:
        nodes.head()
        words = [sys.executable, "-c", STORE, nodes.address, changes]
        subprocess.run(words, env=nodes.environment, check=True)
        with ended(nodes.driver("run", "my.toml", cwd=tmp_path)) as driver:
            output, _ = driver.communicate(timeout=100)
    line = refusal(driver, output, nodes.address)
    assert theirs in line
    assert f"Ray: {ray.__version__} Python: {platform.python_version()}" in line
    assert line.endswith(": install the same Python and Ray here and there\n")
    assert os.listdir(tmp_path) == ["my.toml"]


@pytest.mark.slow
def test_a_cluster_with_another_token_or_one_that_is_missing(tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP)
    with cluster(tmp_path) as nodes:
        nodes.head()
        nodes.environment |= {"RAY_AUTH_TOKEN": "of-another-cluster-0000000000000000000000"}
        with ended(nodes.driver("run", "my.toml", cwd=tmp_path)) as driver:
            output, _ = driver.communicate(timeout=100)
        assert "is that the head's port" in refusal(driver, output, nodes.address)
        del nodes.environment["RAY_AUTH_TOKEN"]
        nodes.environment |= {"HOME": str(tmp_path)}
        with ended(nodes.driver("run", "my.toml", cwd=tmp_path)) as driver:
            output, _ = driver.communicate(timeout=100)
        assert "no authentication token was found" in refusal(driver, output, nodes.address)
    assert sorted(os.listdir(tmp_path)) == [".ray", "my.toml"]


def refusal(driver, output, address):
    """The one line that a driver ended with, behind those that say what it was about to do."""
    *said, line = output.splitlines(keepends=True)
    assert driver.returncode == 2, output
    assert said == ["reading digits ...\n", "starting Ray ...\n"]
    assert line.startswith(f"bsvae: cannot reach Ray at '{address}'")
    return line
