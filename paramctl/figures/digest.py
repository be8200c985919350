"""Digests of tensors and models that no sharding, order or metadata can change.

    tensor = sha256("DTYPE d0,d1\\n" + bytes)
    model  = sha256(of every "name\\tdigest\\n", sorted by name)

The scheme is called paramctl-1. Names are UTF-8 and sorted by their bytes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from paramctl.compute.blocks import held
from paramctl.compute.pool import map_ordered
from paramctl.figures.pieces import Readable
from paramctl.manifest import Entry

ALGORITHM = "paramctl-1"
_STRETCH = 1 << 20  # bytes


def digest(source: Readable, entry: Entry) -> str:
    """The digest of one tensor, in hexadecimal."""
    found = hashlib.sha256(f"{entry.dtype} {','.join(map(str, entry.shape))}\n".encode())
    for start in range(0, entry.nbytes or 0, _STRETCH):
        buffer = held("digest", min(_STRETCH, (entry.nbytes or 0) - start))
        source.read_into(entry.name, memoryview(buffer), start)
        found.update(buffer)
    return found.hexdigest()


def digests_of(source: Readable, entries: Iterable[Entry]) -> Iterator[str]:
    """The digest of each tensor, in order, several at a time."""
    return map_ordered(partial(digest, source), entries)


def model_digest(digests: Mapping[str, str]) -> str:
    """The digest of a model from those of its stored tensors, whatever their order."""
    lines = sorted(f"{name}\t{found}\n".encode() for name, found in digests.items())
    return hashlib.sha256(b"".join(lines)).hexdigest()
