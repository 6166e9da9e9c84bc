"""``ray start`` for several nodes that listen on the loopback interface alone.

The setting that keeps Ray's listeners there also makes its command line refuse a second node,
although that works: here that one check is told otherwise.
"""

from ray._private import ray_constants
from ray.scripts import scripts


class Joinable:
    """Ray's constants, but for the one that the check reads."""

    ENABLE_RAY_CLUSTER = True

    def __getattr__(self, name):
        return getattr(ray_constants, name)


if __name__ == "__main__":
    scripts.ray_constants = Joinable()
    scripts.main()
