"""Machines that die, come late, or are about to be taken away, under a running sweep."""

import random
import time

import pytest
from nodes import cluster, ended
from witnessed import SWEEP, assert_as_undisturbed, undisturbed, wait_for, work

MANY = SWEEP.replace("[1]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]").replace("150", "100")
RUN = ("run", "my.toml", "--pack=2")
OFTEN = {"BSVAE_CHECKPOINT_SECONDS": "1"}


@pytest.mark.slow
def test_a_node_is_killed_after_another_came_late(tmp_path):
    expected = undisturbed(tmp_path, SWEEP, "--pack=1")
    with cluster(tmp_path, **OFTEN) as nodes:
        nodes.head()
        first = nodes.add()
        with ended(nodes.driver("run", "my.toml", "--pack=1", cwd=tmp_path)) as driver:
            wait_for(lambda: nodes.trained(first))
            late = nodes.add()
            wait_for(lambda: nodes.trained(late, 1.0) and nodes.trained(first, 1.0))
            nodes.lose(first)
            output, _ = driver.communicate(timeout=200)
        assert driver.returncode == 0, output
        assert work(nodes.notes).retries >= 1
    assert_as_undisturbed(tmp_path / "results", expected)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_nodes_are_killed_and_added_again_all_the_time(tmp_path):
    chance, kills = random.Random(seed := random.randrange(10**6)), 0
    expected = undisturbed(tmp_path, MANY, "--pack=2")
    with cluster(tmp_path, **OFTEN) as nodes:
        nodes.head()
        workers = [nodes.add(), nodes.add()]
        with ended(nodes.driver(*RUN, cwd=tmp_path)) as driver:
            while driver.poll() is None:
                time.sleep(chance.uniform(4, 14))
                nodes.lose(workers.pop(chance.randrange(2)))
                kills += 1
                time.sleep(chance.uniform(0, 3))
                workers.append(nodes.add())
            output, _ = driver.communicate()
        print(f"seed {seed}: {kills} nodes killed during 40 packs; {work(nodes.notes)}")
        assert driver.returncode == 0, output
    assert kills >= 5
    assert_as_undisturbed(tmp_path / "results", expected)


@pytest.mark.faults
def test_a_node_with_a_spot_notice_is_left_in_time(tmp_path):
    expected = undisturbed(tmp_path, SWEEP, "--pack=2")
    with cluster(tmp_path, **OFTEN) as nodes:
        nodes.head()
        taken, kept = nodes.add(), nodes.add()
        with ended(nodes.driver(*RUN, cwd=tmp_path)) as driver:
            wait_for(lambda: nodes.trained(taken) and nodes.trained(kept))
            nodes.drain(taken, 5)
            time.sleep(5)
            nodes.lose(taken)
            output, _ = driver.communicate(timeout=200)
        print(f"a node drained, then killed; {work(nodes.notes)}")
        assert driver.returncode == 0, output
    assert_as_undisturbed(tmp_path / "results", expected)


@pytest.mark.faults
def test_a_node_that_kills_packs_for_their_memory_does_not_fail_them(tmp_path):
    expected = undisturbed(tmp_path, SWEEP, "--pack=2")
    stingy = {"RAY_memory_usage_threshold": "0.01", "RAY_memory_monitor_refresh_ms": "250"}
    with cluster(tmp_path, **OFTEN) as nodes:
        nodes.head()
        full = nodes.add(**stingy)
        with ended(nodes.driver(*RUN, cwd=tmp_path)) as driver:
            time.sleep(15)
            nodes.add()
            time.sleep(15)
            nodes.lose(full)
            output, _ = driver.communicate(timeout=200)
        print(output)
        assert driver.returncode == 0, output
    assert_as_undisturbed(tmp_path / "results", expected)


@pytest.mark.faults
def test_the_head_is_killed_and_the_same_command_goes_on_at_the_next(tmp_path):
    expected = undisturbed(tmp_path, SWEEP, "--pack=2")
    with cluster(tmp_path, **OFTEN) as nodes:
        head, worker = nodes.head(), nodes.add()
        with ended(nodes.driver(*RUN, cwd=tmp_path)) as driver:
            wait_for(lambda: nodes.trained(worker))
            nodes.lose(head)
            began = time.monotonic()
            output, _ = driver.communicate(timeout=200)
        print(
            f"ended {time.monotonic() - began:.0f} s after the head: {driver.returncode}, {output}"
        )
        assert driver.returncode == 1
        nodes.lose(worker)
    with cluster(tmp_path, **OFTEN) as nodes:
        nodes.head()
        nodes.add()
        with ended(nodes.driver(*RUN, cwd=tmp_path)) as driver:
            output, _ = driver.communicate(timeout=200)
        assert driver.returncode == 0, output
    assert_as_undisturbed(tmp_path / "results", expected)
