"""New tensors that are old ones one after the other, and the reverse: fused, stacked and split.

Elements of parts along the first axis, and whole tensors under a new first axis, keep their
order: their bytes lie one after the other in the whole.
"""

from collections.abc import Iterator, Sequence

from paramctl.diff.copies import distance
from paramctl.figures.pieces import Readable
from paramctl.manifest import Entry

_HEAD = 64  # bytes that candidates are found by
_STRETCH = 1 << 22  # bytes
_MOST = 6  # parts that are told by name


def find_joined(
    a: Readable, removed: Sequence[Entry], b: Readable, added: Sequence[Entry]
) -> dict[str, str]:
    """What to say of each removed and added tensor that was made of others, or into others."""
    told: dict[str, str] = {}
    for words, whole_of, wholes, parts_of, parts in (
        ("made of", b, added, a, removed),
        ("split into", a, removed, b, added),
    ):
        store = _Parts(parts_of, [entry for entry in parts if entry.name not in told])
        for whole in wholes:
            if whole.name in told or not (found := store.within(whole_of, whole)):
                continue
            told[whole.name] = f"{words} {_listed(found)}"
            told |= {name: f"part of {apart([whole.name, name])[0]}" for name in found}
    return told


class _Parts:
    """Tensors by dtype, shape and first bytes."""

    def __init__(self, source: Readable, entries: Sequence[Entry]) -> None:
        self.source = source
        self.by_head: dict[tuple[str, tuple[int | None, ...]], dict[bytes, list[Entry]]] = {}
        for entry in entries:
            if entry.is_alias or not entry.nbytes:
                continue
            heads = self.by_head.setdefault((entry.dtype, entry.shape), {})
            head = _read(source, entry, 0, min(_HEAD, entry.nbytes))
            heads.setdefault(bytes(head), []).append(entry)

    def within(self, source: Readable, whole: Entry) -> list[str]:
        """The names of two or more of them that are the whole one after the other; or none."""
        size, position, found = whole.nbytes or 0, 0, list[str]()
        while position < size:
            part = next(self._at(source, whole, position, found), None)
            if part is None:
                return []
            found.append(part.name)
            position += part.nbytes or 0
        return found if len(found) > 1 else []

    def _at(
        self, source: Readable, whole: Entry, position: int, used: Sequence[str]
    ) -> Iterator[Entry]:
        for (dtype, shape), heads in self.by_head.items():
            if dtype != whole.dtype or whole.shape[1:] not in (shape, shape[1:]):
                continue
            size = next(iter(heads.values()))[0].nbytes or 0
            if position + size > (whole.nbytes or 0):
                continue
            head = _read(source, whole, position, min(_HEAD, size))
            alike = sorted(heads.get(bytes(head), ()), key=lambda part: distance(part, whole))
            for part in alike:
                if part.name not in used and self._is_there(source, whole, position, part):
                    yield part

    def _is_there(self, source: Readable, whole: Entry, position: int, part: Entry) -> bool:
        size = part.nbytes or 0
        for start in range(0, size, _STRETCH):
            count = min(_STRETCH, size - start)
            mine = _read(self.source, part, start, count)
            if _read(source, whole, position + start, count) != mine:
                return False
        return True


def _read(source: Readable, entry: Entry, start: int, count: int) -> bytearray:
    buffer = bytearray(count)
    source.read_into(entry.name, buffer, start)
    return buffer


def _listed(names: Sequence[str]) -> str:
    """``q_proj, k_proj, v_proj`` or ``0..31``: what the names do not have in common."""
    parts = apart(names)
    if all(part.isascii() and part.isdecimal() for part in parts):
        first, last = int(parts[0]), int(parts[-1])
        if list(map(str, range(first, last + 1))) == parts and len(parts) > 2:
            return f"{first}..{last}"
    more = [f"… ({len(parts):,} of them)"] if len(parts) > _MOST else []
    return ", ".join([*parts[:_MOST], *more])


def apart(names: Sequence[str]) -> list[str]:
    """Names without the segments that all begin and end with; whole where nothing is left."""
    split = [name.split(".") for name in names]
    shortest = min(map(len, split))
    head = next((n for n in range(shortest) if len({one[n] for one in split}) > 1), shortest)
    rest = [one[head:] for one in split]
    shortest = min(map(len, rest))
    tail = next((n for n in range(shortest) if len({one[-1 - n] for one in rest}) > 1), shortest)
    kept = [one[: len(one) - tail] for one in rest]
    return [".".join(one) for one in kept] if all(kept) else list(names)
