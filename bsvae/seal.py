"""Bytes with their checksum in front: damage is noticed before anything is read from them."""

import hashlib

_DIGEST = hashlib.sha256().digest_size


class Damaged(ValueError):
    """Bytes that are not what was stored, or not the whole of it."""


def seal(content: bytes) -> bytes:
    """SHA-256 of some bytes, then the bytes.

    >>> unseal(seal(b"weights"))
    b'weights'
    """
    return hashlib.sha256(content).digest() + content


def unseal(stored: bytes) -> bytes:
    """The bytes, without their checksum.

    Raises:
        Damaged: if it is not theirs.

    >>> unseal(seal(b"weights")[:-1])
    Traceback (most recent call last):
        ...
    bsvae.seal.Damaged: wrong checksum
    """
    content = stored[_DIGEST:]
    if hashlib.sha256(content).digest() != stored[:_DIGEST]:
        raise Damaged("wrong checksum")
    return content
