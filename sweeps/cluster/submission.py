"""A sweep as a Ray job: sent to a cluster, followed, left and rejoined.

The job's id follows from what was asked for, see `sweeps.cluster.request`, so the same command
finds a job that still runs.  Of the others only `sweeps.running.ray_life` and `sweeps.running.ray`
import Ray.
"""

import asyncio
import http.client
import importlib.util
import logging
import os
import re
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from bsvae.checks import BadInput
from sweeps.cluster.request import Request, bundle

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

#: Seconds after which a cluster that does not answer is given up.
PATIENCE = 3.0

#: What the job's processes are told: a lost connection is noticed in seconds, not in minutes.
ENVIRONMENT = {
    "RAY_ADDRESS": "auto",
    "RAY_grpc_client_keepalive_time_ms": "5000",
    "RAY_grpc_client_keepalive_timeout_ms": "5000",
}


def submit(request: Request, address: str) -> int:
    """Run a sweep on a cluster, or rejoin it there; print its log and return its exit status.

    Args:
        request: what to run.
        address: where the cluster's dashboard answers, ``http://HOST:PORT``.

    Raises:
        BadInput: if the cluster cannot be reached, refuses the token, or is no Ray cluster.
    """
    client = _connect(address)
    job, there = _latest(client, request.job)
    with asyncio.Runner() as loop:
        loop.get_loop()  # made now, since an interrupt that comes while it is made shows
        try:
            if there:
                print(f"job {job} is running; following it", flush=True)
            else:
                _send(client, request, job)
                there = True
                print(f"job {job} is sent; Ctrl-C leaves it running", flush=True)
            return loop.run(_follow(client, job))
        except KeyboardInterrupt:
            fate = "goes on" if there else "was not sent whole"
            print(f"\nleft; job {job} {fate}", file=sys.stderr)
            status = 130
        except (OSError, RuntimeError) as error:
            trouble = "lost sight of" if there else "could not send"
            print(f"bsvae: {trouble} job {job} ({_line(error)})", file=sys.stderr)
            status = 1
    print(
        f"next: the same command rejoins it; ray job stop {job} --address {address} ends it",
        file=sys.stderr,
    )
    return status


def _connect(address: str) -> "JobSubmissionClient":
    """A client whose cluster has answered and taken the token."""
    if not all(importlib.util.find_spec(name) for name in ("aiohttp", "pydantic", "requests")):
        raise BadInput(
            "submit needs the extra 'cluster' (Ray's Jobs API): pip install -e '.[cluster]'"
        )
    _check_answers(address)
    os.environ.setdefault("RAY_AUTH_MODE", "token")  # read by Ray when it is imported
    logging.disable(logging.INFO)
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    try:
        return JobSubmissionClient(address)
    except AuthenticationError as error:
        refused = "refuses the token" if "failed" in _line(error) else "wants a token"
        raise BadInput(f"the cluster at {address} {refused}: {_WAY_OUT}") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise BadInput(f"no Ray dashboard at {address} ({_line(error)})") from None


_WAY_OUT = "give the cluster's own in RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token"


def _line(error: Exception) -> str:
    """An error's first line, or its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _check_answers(address: str) -> None:
    """Fail in seconds where Ray's client would wait for ever."""
    if not re.fullmatch(r"https?://[^/\s]+/?", address):
        raise BadInput(f"--address {address!r}: write it as http://127.0.0.1:8265")
    try:
        urllib.request.urlopen(f"{address.rstrip('/')}/api/version", timeout=PATIENCE).close()
    except urllib.error.HTTPError:
        return  # it answers, and wants a token
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise BadInput(
            f"no Ray dashboard answers at {address} ({_line(error)}): is the tunnel to the "
            "cluster open?"
        ) from None


def _latest(client: "JobSubmissionClient", job: str) -> tuple[str, bool]:
    """The run of a job that is under way and True, or its next run and False."""
    ours = re.compile(re.escape(job) + r"-\d+")
    statuses = {run.submission_id or "": run.status for run in client.list_jobs()}
    runs = [name for name in statuses if ours.fullmatch(name)]
    for name in runs:
        if not statuses[name].is_terminal():
            return name, True
    return f"{job}-{len(runs) + 1}", False


def _send(client: "JobSubmissionClient", request: Request, job: str) -> None:
    with bundle(request) as folder:
        client.submit_job(
            entrypoint=request.entrypoint,
            submission_id=job,
            runtime_env={"working_dir": str(folder), "env_vars": ENVIRONMENT},
        )


async def _follow(client: "JobSubmissionClient", job: str) -> int:
    """Print a job's log until it ends; the exit status of its command."""
    async for text in client.tail_job_logs(job):
        print(text, end="", flush=True)
    while not (details := client.get_job_info(job)).status.is_terminal():
        await asyncio.sleep(0.5)
    return exit_status(details)


def exit_status(details: Any) -> int:
    """Print how a job ended; the status that its command would have ended with here."""
    code = details.driver_exit_code
    if details.status == "STOPPED":
        code = 130
    elif code is None or code < 0:
        print(f"bsvae: {_line(RuntimeError(details.message))}", file=sys.stderr)
        code = 1
    print(f"job {details.submission_id}: {details.status.lower()}, exit status {code}")
    return code
