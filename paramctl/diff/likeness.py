"""Renamed tensors whose bytes changed too: found by shape and likeness, then by their company.

Two tensors of one shape are alike when samples from the same places, each less its mean, point
the same way:

    likeness = cos(x - mean(x), y - mean(y))

A fine-tune stays above 0.9; tensors that have nothing to do with each other are near 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from paramctl.compute.decode import decode, is_decodable
from paramctl.figures.pieces import Readable, read_piece, size_of
from paramctl.manifest import Entry, Shape
from paramctl.names import natural_key

ALIKE = 0.9
_FEWEST = 64  # elements, below which chance could make two tensors alike
_STRETCHES = 4
_STRETCH = 128  # elements
_ROWS = 1024  # tensors compared with all others at a time


class _Like(NamedTuple):
    """Two tensors that are alike; smaller is more so, then nearer in name."""

    apart: float
    strange: int
    key: Any
    old: str
    new: str


def find_alike(
    a: Readable, removed: Sequence[Entry], b: Readable, added: Sequence[Entry]
) -> dict[str, str]:
    """Old name to new name of the tensors that are alike under another name, one to one.

    Only tensors of a shape that occurs on both sides are sampled.
    """
    left, right = _by_shape(removed), _by_shape(added)
    found: dict[str, str] = {}
    for shape in left.keys() & right.keys():
        candidates = sorted(_alike(a, left[shape], b, right[shape]))
        taken: set[str] = set()
        for like in candidates:
            if like.old not in found and like.new not in taken:
                found[like.old] = like.new
                taken.add(like.new)
    return found


def find_company(
    found: Mapping[str, str], removed: Sequence[Entry], added: Sequence[Entry]
) -> dict[str, str]:
    """Old to new name of what stands beside a tensor that was found, with the same last segment.

    This finds biases of zeros and norms of ones, whose values tell nothing.
    """
    modules = {_module(old): _module(new) for old, new in found.items()}
    shapes = {entry.name: entry.shape for entry in added}
    taken = set(found.values())
    also: dict[str, str] = {}
    for entry in removed:
        module = modules.get(_module(entry.name))
        if module is None or entry.is_alias or entry.name in found:
            continue
        new = f"{module}.{entry.name.rpartition('.')[2]}"
        if new not in taken and shapes.get(new) == entry.shape:
            also[entry.name] = new
            taken.add(new)
    return also


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _by_shape(entries: Iterable[Entry]) -> dict[Shape, list[Entry]]:
    groups: dict[Shape, list[Entry]] = {}
    for entry in entries:
        if not entry.is_alias and is_decodable(entry.dtype) and size_of(entry) >= _FEWEST:
            groups.setdefault(entry.shape, []).append(entry)
    return groups


def _alike(a: Readable, old: list[Entry], b: Readable, new: list[Entry]) -> Iterable[_Like]:
    right = _samples(b, new)
    for start in range(0, len(old), _ROWS):
        some = old[start : start + _ROWS]
        likeness = _samples(a, some) @ right.T
        for row, column in np.argwhere(likeness >= ALIKE):
            before, after = some[row].name, new[column].name
            apart = round(1 - float(likeness[row, column]), 2)
            key = natural_key(before), natural_key(after)
            yield _Like(apart, -common_tail(before, after), key, before, after)


def _samples(source: Readable, entries: Sequence[Entry]) -> Any:
    """A row of length 1 per tensor: its sample less its mean; zeros where that is constant."""
    rows = np.stack([_sample(source, entry) for entry in entries])
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _sample(source: Readable, entry: Entry) -> Any:
    """Elements from places that the shape alone decides; what is not finite counts as 0."""
    size = size_of(entry)
    count = min(_STRETCH, size // _STRETCHES) & ~3  # elements of less than a byte begin with one
    parts = []
    for number in range(_STRETCHES):
        start = (size - count) * number // (_STRETCHES - 1) & ~3
        raw = read_piece(source, entry, (start, start + count), "sample")
        with np.errstate(all="ignore"):
            parts.append(np.array(decode(entry.dtype, raw).real, np.float64))
    whole = np.concatenate(parts)
    whole[~np.isfinite(whole)] = 0.0
    largest = float(np.abs(whole).max(initial=0.0))
    return whole / largest if largest else whole


def common_tail(name: str, other: str) -> int:
    """How many segments two names end alike in."""
    count = 0
    pairs = zip(reversed(name.split(".")), reversed(other.split(".")), strict=False)
    for left, right in pairs:
        if left != right:
            break
        count += 1
    return count
