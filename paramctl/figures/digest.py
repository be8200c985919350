"""Digests of tensors and models that no sharding, order or metadata can change.

    tensor = sha256("DTYPE d0,d1\\n" + bytes)
    model  = sha256(of every "name\\tdigest\\n", sorted by name)

The scheme is called paramctl-1. Names are UTF-8 and sorted by their bytes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from paramctl.compute.blocks import held
from paramctl.compute.jobs import Each, cut, map_jobs
from paramctl.figures.pieces import Readable
from paramctl.manifest import Entry

ALGORITHM = "paramctl-1"
_STRETCH = 1 << 20  # bytes
_LARGE = 1 << 25  # bytes of a tensor that is worth beginning early


def digest(source: Readable, entry: Entry) -> str:
    """The digest of one tensor, in hexadecimal."""
    found = hashlib.sha256(f"{entry.dtype} {','.join(map(str, entry.shape))}\n".encode())
    for start in range(0, entry.nbytes or 0, _STRETCH):
        buffer = held("digest", min(_STRETCH, (entry.nbytes or 0) - start))
        source.read_into(entry.name, memoryview(buffer), start)
        found.update(buffer)
    return found.hexdigest()


def digests_of(source: Readable, entries: Iterable[Entry]) -> Iterator[str]:
    """The digest of each tensor, in order, several at a time.

    A digest can't be cut: tensors larger than a job begin first, so that none is left alone at
    the end.
    """
    known = list(entries)
    total = sum(map(_weight, known))
    order = sorted(range(len(known)), key=lambda place: -max(_weight(known[place]) - _LARGE, 0))
    jobs = cut([known[place] for place in order], _weight, total)
    results = map_jobs(Each(partial(digest, source)), jobs)
    found: list[str | None] = [None] * len(known)
    given = 0
    for place, text in zip(order, (text for _, texts in results for text in texts), strict=True):
        found[place] = text
        while given < len(known) and (ready := found[given]) is not None:
            yield ready
            given += 1


def _weight(entry: Entry) -> int:
    return entry.nbytes or 0


def model_digest(digests: Mapping[str, str]) -> str:
    """The digest of a model from those of its stored tensors, whatever their order."""
    lines = sorted(f"{name}\t{found}\n".encode() for name, found in digests.items())
    return hashlib.sha256(b"".join(lines)).hexdigest()
