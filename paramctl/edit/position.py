"""``NAME[INDEX]``: a tensor, or a part of it by whole numbers, slices and ``...``.

INDEX = part ("," part)*      part = INT | [INT] ":" [INT] [":" [INT]] | "..."
"""

import re
from dataclasses import dataclass

from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show

_INT = r"\s*[+-]?\d{1,18}\s*"
_PART = re.compile(rf"(?P<int>{_INT})|(?:{_INT})?\s*:\s*(?:{_INT})?(?::\s*(?:{_INT})?)?\s*")

Part = int | slice


@dataclass(frozen=True)
class Position:
    """A part of a tensor.

    Attributes:
        text: the index as it was written, empty for the whole tensor.
        parts: one per axis, counted from 0 up; a slice has no negative bounds.
        shape: sizes of the part.
    """

    text: str
    parts: tuple[Part, ...]
    shape: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether no index was given."""
        return not self.text


def find(text: str, manifest: Manifest) -> tuple[Entry, str]:
    """The entry that a text names, and the text of its index.

    Raises:
        UsageError: no such tensor.
    """
    if text not in manifest and text.endswith("]"):
        name, bracket, index = text[:-1].rpartition("[")
        if bracket and name in manifest:
            return manifest[name], index.strip() or " "
    return manifest[text], ""


def position(index: str, entry: Entry) -> Position:
    """The part of a tensor that an index means.

    Raises:
        UsageError: no such index, too many parts, or a place beyond the tensor.
    """
    shape = tuple(size or 0 for size in entry.shape)
    where = f"{show(entry.name)}[{show(index)}]"
    texts = [part.strip() for part in index.split(",")] if index else []
    if len(texts) > 1 and not texts[-1]:
        texts.pop()  # as in x[1,]
    if texts.count("...") > 1:
        raise UsageError("'...' can stand in an index only once", where=where)
    given = len(texts) - texts.count("...")
    if given > len(shape):
        raise UsageError(f"an index of {given} parts for a shape {_shape(shape)}", where=where)
    place = texts.index("...") if "..." in texts else len(texts)
    filled = texts[:place] + [":"] * (len(shape) - given) + texts[place + 1 :]
    parts = tuple(_part(text, size, where) for text, size in zip(filled, shape, strict=True))
    sizes = tuple(len(range(*part.indices(size))) for part, size in _slices(parts, shape))
    return Position(index, parts, sizes)


def rows(parts: tuple[Part, ...], start: int, stop: int) -> tuple[tuple[Part, ...], slice] | None:
    """The index of the same part within rows ``[start, stop)`` of the first axis.

    Args:
        parts: those of a position, or of its last axes.

    Returns:
        The index, and which places of the part's own first axis that is (all of them when the
        index takes the axis away); ``None`` where the part has nothing in those rows.
    """
    first, *others = parts
    if isinstance(first, int):
        return ((first - start, *others), slice(None)) if start <= first < stop else None
    places = range(first.start, -1 if first.stop is None else first.stop, first.step)
    low, high = _inside(places, start, stop)
    if low >= high:
        return None
    here = places[low:high]
    last = here.stop - start
    return (slice(here.start - start, last if last >= 0 else None, here.step), *others), slice(
        low, high
    )


def _inside(places: range, start: int, stop: int) -> tuple[int, int]:
    """Which elements of a range lie in ``[start, stop)``, as bounds of a slice of it."""
    step = places.step
    if step > 0:
        low, high = -((places.start - start) // step), -((places.start - stop) // step)
    else:
        low = -((stop - 1 - places.start) // -step)
        high = (places.start - start) // -step + 1
    return max(low, 0), min(max(high, 0), len(places))


def _slices(parts: tuple[Part, ...], shape: tuple[int, ...]) -> list[tuple[slice, int]]:
    pairs = zip(parts, shape, strict=True)
    return [(part, size) for part, size in pairs if isinstance(part, slice)]


def _part(text: str, size: int, where: str) -> Part:
    match = _PART.fullmatch(text)
    if match is None:
        raise UsageError(
            f"'{show(text)}' is no index", where=where, hint="an index is like 0, -1, 2:5 or ..."
        )
    if match["int"] is not None:
        number = int(match["int"])
        if not -size <= number < size:
            raise UsageError(f"{number} is beyond an axis of {size}", where=where)
        return number % size
    bounds = [int(part) if part.strip() else None for part in text.split(":")]
    if len(bounds) == 3 and bounds[2] == 0:
        raise UsageError("the step of a slice can't be 0", where=where)
    start, stop, step = slice(*bounds).indices(size)
    if not range(start, stop, step):
        return slice(0, 0, 1)
    return slice(start, None if stop < 0 else stop, step)


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"
