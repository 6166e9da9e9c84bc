"""Memory that a training process has used once, it keeps."""

import ctypes
import sys

#: glibc's parameters, from malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_MEBIBYTE = 1 << 20


def keep_freed_memory() -> bool:
    """Have the C library hand freed memory out again instead of returning it to the system.

    Every step allocates gradients and activations of some megabytes and frees them; by default
    each goes back to the kernel, which clears and maps fresh pages at the next step: a thousand
    page faults a step for a 784-500-500-20 model.  Returns whether the process runs on glibc and
    so was told; elsewhere nothing changes.

    >>> keep_freed_memory() in (True, False)
    True
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return False
    settings = {
        _MMAP_THRESHOLD: 32 * _MEBIBYTE,  # the largest that glibc takes
        _TRIM_THRESHOLD: 2048 * _MEBIBYTE - 1,
        _TOP_PAD: 64 * _MEBIBYTE,
    }
    return sum(mallopt(name, value) for name, value in settings.items()) == len(settings)
