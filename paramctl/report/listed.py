"""The report of ``ls``: a row per name."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

from paramctl.listing.rows import stored_bytes
from paramctl.listing.target import Target
from paramctl.manifest import Entry
from paramctl.names import is_printable, show
from paramctl.report.report import Column, Report
from paramctl.report.strict_json import AT_ONCE, Encoded, encode, encode_text
from paramctl.report.values import bytes_text

_COLUMNS = (
    Column("name", "name"),
    Column("dtype", "dtype"),
    Column("shape", "shape"),
    Column("numel", "count", "?"),
    Column("nbytes", "bytes", "?"),
)
_LONG = (Column("shard", "number"), Column("start", "number"), Column("stop", "number"))
_MOST_TIES = 10


def listed(target: Target, entries: Sequence[Entry], *, long: bool) -> Report:
    """Entries in the order given.

    Args:
        long: whether shard and offsets come along: the shard by its number, from 1; where the
            tensor starts and stops in that file, in bytes.
    """
    return Report(
        "ls",
        _COLUMNS + _LONG if long else _COLUMNS,
        _rows(entries, long),
        payload=lambda: {"tensors": Encoded(_objects(entries, target, long))},
        notes=_notes(entries),
    )


def _rows(entries: Sequence[Entry], long: bool) -> Iterator[tuple[Any, ...]]:
    """A row per entry; sizes are counted once for tensors of one shape."""
    common: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for entry in entries:
        alike = entry[1:5]  # dtype, shape, kind and tie
        rest = common.get(alike)
        if rest is None:
            rest = common[alike] = (entry.dtype, entry.shape, entry.numel, stored_bytes(entry))
        yield (entry[0], *rest, *_place(entry)) if long else (entry[0], *rest)


def _place(entry: Entry) -> tuple[int | None, int | None, int | None]:
    if entry.shard < 0:
        return None, None, None
    return entry.shard + 1, entry.start, entry.stop


def _objects(entries: Sequence[Entry], target: Target, long: bool) -> Iterator[list[str]]:
    """A JSON object per entry; what tensors of one shape have in common is written once."""
    rests = _Rests(target, long)
    for start in range(0, len(entries), AT_ONCE):
        some = entries[start : start + AT_ONCE]
        names = _inner_texts([entry[0] for entry in some])
        common = [rests[entry[1:6]] for entry in some]
        places = map(_offsets, some) if long else repeat("", len(some))
        yield [
            f'{{"name": "{name}", {rest}{place}}}'
            for name, rest, place in zip(names, common, places, strict=True)
        ]


class _Rests(dict[tuple[Any, ...], str]):
    """What is written behind a name, by dtype, shape, kind, tie and shard."""

    def __init__(self, target: Target, long: bool) -> None:
        super().__init__()
        self._target = target
        self._long = long

    def __missing__(self, key: tuple[Any, ...]) -> str:
        rest = encode(_rest(Entry("", *key), self._target, self._long))[1:-1]
        self[key] = rest
        return rest


def _inner_texts(names: list[str]) -> list[str]:
    """Names as JSON has them between quotes; plain ones are that already."""
    joined = "".join(names)
    if joined.isascii() and is_printable(joined) and '"' not in joined and "\\" not in joined:
        return names
    return [encode_text(name)[1:-1] for name in names]


def _offsets(entry: Entry) -> str:
    _, start, stop = _place(entry)
    return f', "start": {encode(start)}, "stop": {encode(stop)}'


def _rest(entry: Entry, target: Target, long: bool) -> dict[str, Any]:
    """What stands behind the name and before the offsets."""
    shard = entry.shard + 1 if entry.shard >= 0 else None
    row: dict[str, Any] = {
        "dtype": entry.dtype,
        "shape": entry.shape,
        "numel": entry.numel,
        "nbytes": stored_bytes(entry),
        "kind": entry.kind,
        "tied_to": entry.tied_to,
        "shard": shard,
    }
    if long:
        row["file"] = target.shards[entry.shard] if shard is not None and target.shards else None
    return row


def _notes(entries: Sequence[Entry]) -> Iterator[str]:
    if not entries:
        yield "no tensors"
        return
    stored = [entry for entry in entries if not entry.is_alias]
    sizes = [entry.nbytes for entry in stored]
    known = [size for size in sizes if size is not None]
    size = f", {bytes_text(sum(known))}" if len(known) == len(sizes) else ""
    yield ""
    yield f"{len(stored):,} tensor{'s' * (len(stored) != 1)}{size}"
    aliases = [entry for entry in entries if entry.is_alias]
    for entry in aliases[:_MOST_TIES]:
        yield f"{show(entry.name)} is tied to {show(entry.tied_to or '')}"
    if len(aliases) > _MOST_TIES:
        yield f"and {len(aliases) - _MOST_TIES:,} more names are tied to others"
