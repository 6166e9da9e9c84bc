"""A store that speaks S3 over HTTP on this machine, for tests."""

from collections.abc import Iterator

import pytest

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test-secret",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Store:
    """A server of buckets that outlive its stops."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        self._new = lambda port: ThreadedMotoServer("127.0.0.1", port, verbose=False)
        self.start(0)
        self.port = self._server.get_host_and_port()[1]

    def start(self, port: int | None = None) -> None:
        self._server = self._new(self.port if port is None else port)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    @property
    def environment(self) -> dict[str, str]:
        return VARIABLES | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}"}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A running store; its bucket is ``bucket``."""
    pytest.importorskip("moto.server", reason="needs a store that speaks S3: moto[server]")
    from pyarrow import fs

    from sweeps.ledger.places import bucket as object_files

    running = Store()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        object_files._store.cache_clear()
        fs.S3FileSystem(
            endpoint_override=f"127.0.0.1:{running.port}", scheme="http", allow_bucket_creation=True
        ).create_dir("bucket")
        yield running
    object_files._store.cache_clear()
    object_files.object_files.cache_clear()
    running.stop()
