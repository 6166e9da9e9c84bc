"""Cables that are pulled under a running sweep: three hosts, a head without cores and two workers.

Each case ends with every trial once; how long that took is printed beside the undisturbed run's.
"""

import time

import pytest
from lan import lan, needs_root
from nodes import cluster, ended
from witnessed import SWEEP, assert_as_undisturbed, undisturbed, wait_for, work

HEAD, WORKER = 1, 2
FOR_EVER = None
CUTS = [(None, 0), (WORKER, 6), (WORKER, 40), (WORKER, FOR_EVER)]
CUTS += [(HEAD, seconds) for seconds in (8, 14, 20, 30)]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the sweep gives where nothing happens."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), SWEEP, "--pack=1")


@needs_root
@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("host", "seconds"), CUTS)
def test_a_cable_is_pulled(tmp_path, expected, host, seconds):
    (tmp_path / "my.toml").write_text(SWEEP)
    settings = {"BSVAE_CHECKPOINT_SECONDS": "1", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"}
    with lan(3) as network, cluster(tmp_path, **settings) as nodes:
        nodes.head(network.address(1), network.namespace(1))
        workers = [nodes.add(network.address(n), network.namespace(n)) for n in (2, 3)]
        words = ("run", "my.toml", "--pack=1")
        with ended(nodes.driver(*words, cwd=tmp_path, namespace=network.namespace(1))) as driver:
            wait_for(lambda: all(nodes.trained(worker) for worker in workers))
            began = time.monotonic()
            if host:
                network.cut(host)
                if seconds is not FOR_EVER:
                    time.sleep(seconds)
                    network.heal(host)
            output, _ = driver.communicate(timeout=600)
        took = time.monotonic() - began
        print(f"host {host} cut for {seconds} s, ended after {took:.0f} s; {work(nodes.notes)}")
        assert driver.returncode == 0, output
    assert_as_undisturbed(tmp_path / "results", expected)
