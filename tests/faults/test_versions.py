"""A cluster that says it runs another Ray is refused in one line with both versions."""

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
    with cluster(tmp_path, 7421) as nodes:
        nodes.head()
        words = [sys.executable, "-c", STORE, nodes.address, changes]
        subprocess.run(words, env=nodes.environment, check=True)
        with ended(nodes.driver("run", "my.toml", cwd=tmp_path)) as driver:
            output, _ = driver.communicate(timeout=100)
    lines = output.splitlines()
    assert (driver.returncode, len(lines)) == (2, 1), output
    assert lines[0].startswith(f"bsvae: cannot reach Ray at '{nodes.address}'")
    assert theirs in lines[0]
    assert f"Ray: {ray.__version__} Python: {platform.python_version()}" in lines[0]
    assert lines[0].endswith(": install the same Python and Ray here and there")
    assert os.listdir(tmp_path) == ["my.toml"]
