"""``bsvae run`` is killed at random moments, a hundred times, and started again each time."""

import contextlib
import random
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import command, members
from nodes import ended, started
from witnessed import assert_as_undisturbed, undisturbed, wait_for

SWEEP = """
[trial]
dataset = "digits"
hidden = 64
epochs = 100
[[grid]]
family = ["gaussian", "logit_normal", "concrete"]
latent_dim = [2, 3, 4, 5]
seeds = [1, 2, 3, 4]
"""
CYCLES = 100
LONGEST = {"serial": 10.0, "ray": 24.0}  # seconds: past the start, on a machine that is not busy
AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")


def stored(results: Path) -> dict[str, pd.Timestamp]:
    """When each trial's row was written; every part must be readable, and no trial twice."""
    folder = results / "my" / "trials"
    if not folder.exists() or not any(folder.glob("*.parquet")):
        return {}
    rows = pd.read_parquet(folder, columns=["trial_id", "finished_at"])
    assert rows["trial_id"].is_unique
    return dict(rows.itertuples(index=False))


def visible(results: Path) -> set[str]:
    """The files that a reader meets, without those named by a trial."""
    names = {str(path.relative_to(results)) for path in results.rglob("*") if path.is_file()}
    trials = stored(results)
    return {name for name in names if "/." not in name and Path(name).stem not in trials}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the sweep gives where nobody kills it."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), SWEEP, "--pack=2")


@pytest.mark.faults
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("engine", LONGEST)
def test_a_run_is_killed_a_hundred_times(tmp_path, expected, engine):
    (tmp_path / "my.toml").write_text(SWEEP)
    chance = random.Random(seed := random.randrange(10**6))
    arguments = command("run", "my.toml", "--pack=2", f"--engine={engine}")
    results = tmp_path / "results"
    known, at_work, longest = {}, 0, 0.0
    for _ in range(CYCLES):
        with ended(started(arguments, tmp_path, BSVAE_CHECKPOINT_SECONDS="0.5")) as driver:
            time.sleep(chance.uniform(0, LONGEST[engine]))
            at_work += driver.poll() is None
            driver.kill()
            driver.wait()
            died = time.monotonic()
            wait_for(lambda pid=driver.pid: not at_it(pid), 30)
            longest = max(longest, time.monotonic() - died)
        now = stored(results)
        assert known.items() <= now.items(), "a row is lost, or was written again"
        known = now
    print(
        f"seed {seed}: {CYCLES} kills, {at_work} of a run at work; {len(known)} of 48 trials done"
    )
    print(f"what a driver had started outlived it by {longest:.1f} s at most")
    assert at_work >= CYCLES / 2
    assert known, "no run came far enough to store a trial"
    with ended(started(arguments, tmp_path, BSVAE_CHECKPOINT_SECONDS="0.5")) as driver:
        output, _ = driver.communicate()
        assert driver.returncode == 0, output
    assert known.items() <= stored(results).items()
    assert_as_undisturbed(results, expected)
    assert visible(results) == {"my/sweep.json"}
    hidden = list(results.rglob(".*.tmp"))
    print(f"{len(hidden)} hidden files left by writers that were killed")


def at_it(session: int) -> list[str]:
    """What of a run is left, but for Ray's agents, which try for a minute to tell a dead head."""
    left = []
    for process in members(session):
        with contextlib.suppress(OSError):
            left.append(Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8"))
    return [words for words in left if words and not words.startswith(AGENTS)]
