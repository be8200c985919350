"""``NAME[INDEX]``: a tensor's name and a NumPy-style index, parsed and never evaluated.

text  = name | name "[" index "]"        the exact name first, then the last bracket
index = item ("," item)*
item  = INT | [INT] ":" [INT] [":" [INT]] | "..."
"""

import re
from types import EllipsisType

from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.select.similar import hint_for

Item = int | slice | EllipsisType
Index = tuple[Item, ...]

_INT = re.compile(r"[+-]?[0-9]{1,18}")
_SLICE = re.compile(r"([+-]?[0-9]{1,18})?\s*:\s*([+-]?[0-9]{1,18})?(?:\s*:\s*([+-]?[0-9]{1,18})?)?")


def find(text: str, manifest: Manifest) -> tuple[Entry, Index]:
    """The entry that a text names, and the index behind it, empty without one.

    Raises:
        UsageError: there is no such tensor, or what is in the brackets is no index.
    """
    if text in manifest:
        return manifest[text], ()
    name, bracket, inside = text.rpartition("[")
    if not bracket or not text.endswith("]") or name not in manifest:
        wanted = name if bracket and text.endswith("]") else text
        raise UsageError(f"no tensor named '{show(wanted)}'", hint=hint_for(wanted, manifest))
    return manifest[name], parse_index(inside[:-1])


def parse_index(text: str) -> Index:
    """The items of an index: ``0, 2:5, ...``.

    Raises:
        UsageError: it is none.
    """
    items = tuple(_item(part.strip(), text) for part in text.split(","))
    if items.count(...) > 1:
        raise UsageError(f"'[{show(text)}]' has more than one '...'")
    return items


def _item(part: str, text: str) -> Item:
    if part == "...":
        return ...
    if _INT.fullmatch(part):
        return int(part)
    match = _SLICE.fullmatch(part)
    if not match:
        found = f"'{show(part)}'" if part else "nothing"
        raise UsageError(
            f"expected a number, a slice such as 2:5, or '...' in '[{show(text)}]', found {found}"
        )
    start, stop, step = (None if end is None else int(end) for end in match.groups())
    if step == 0:
        raise UsageError(f"the step of '{show(part)}' is zero")
    return slice(start, stop, step)


def fitted(index: Index, entry: Entry) -> tuple[int | slice, ...]:
    """One item per axis of a tensor: ``...`` filled in, numbers counted from the start.

    Raises:
        UsageError: too many items, or a number outside its axis.
    """
    shape = entry.shape
    given = [item for item in index if item is not ...]
    if len(given) > len(shape):
        raise UsageError(
            f"an index of {len(given)} items for {len(shape)} axes", where=show(entry.name)
        )
    place = index.index(...) if ... in index else len(index)
    rest = [slice(None)] * (len(shape) - len(given))
    items = [*index[:place], *rest, *index[place + 1 :]]
    return tuple(
        _inside(item, size or 0, axis, entry)
        for axis, (item, size) in enumerate(zip(items, shape, strict=True))
        if item is not ...
    )


def _inside(item: int | slice, size: int, axis: int, entry: Entry) -> int | slice:
    if isinstance(item, slice):
        return item
    if not -size <= item < size:
        raise UsageError(
            f"index {item} is outside axis {axis}, which has {size}", where=show(entry.name)
        )
    return item % size
