"""Stored tensors with equal bytes, found by a sample of each and proved by digests."""

from collections.abc import Iterator, Sequence
from functools import partial

from paramctl.compute.pool import map_ordered
from paramctl.dtypes import DTYPES
from paramctl.figures.digest import digests_of
from paramctl.manifest import Entry
from paramctl.sources.source import Source

_SAMPLE = 1 << 10  # bytes, from the start and from the middle
_AT_ONCE = 16  # samples that are asked for together, where asking takes time

Key = tuple[str, tuple[int | None, ...], bytes]


def stored_twins(source: Source) -> list[list[str]]:
    """Groups of stored names whose tensors are equal to the last bit, in natural file order.

    Tensors whose sample holds one value only are left out: norms of ones and biases of zeros
    are equal without being tied.
    """
    groups: dict[Key, list[Entry]] = {}
    entries = source.manifest.stored
    for entry, sample in zip(entries, _samples(source, entries), strict=True):
        if not _is_constant(sample, entry.dtype):
            groups.setdefault((entry.dtype, entry.shape, sample), []).append(entry)
    candidates = [entry for group in groups.values() if len(group) > 1 for entry in group]
    found: dict[str, list[str]] = {}
    for entry, digest in zip(candidates, digests_of(source, candidates), strict=True):
        found.setdefault(digest, []).append(entry.name)
    return [names for names in found.values() if len(names) > 1]


def _samples(source: Source, entries: Sequence[Entry]) -> Iterator[bytes]:
    workers = _AT_ONCE if source.place.is_remote else 1
    return map_ordered(partial(_sample, source), entries, workers=workers)


def _sample(source: Source, entry: Entry) -> bytes:
    size = entry.stop - entry.start
    if size <= _SAMPLE:
        return source.raw(entry.name)
    middle = max(size // 2, min(size, _SAMPLE))
    return source.raw(entry.name, 0, min(size, _SAMPLE)) + source.raw(
        entry.name, middle, min(size, middle + _SAMPLE)
    )


def _is_constant(sample: bytes, dtype: str) -> bool:
    width = max(DTYPES[dtype].bits // 8, 1)
    return sample == sample[:width] * (len(sample) // width)
