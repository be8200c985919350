"""The report of ``ls``: a row per name."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from paramctl.columns import Alike, Columns
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
_OPENING = '{"name": "'
_MOST_TIES = 10


def listed(target: Target, entries: Sequence[Entry], *, long: bool) -> Report:
    """Entries in the order given.

    Args:
        long: whether shard and offsets come along: the shard by its number, from 1; where the
            tensor starts and stops in that file, in bytes.
    """
    columns = Columns.of(entries)
    return Report(
        "ls",
        _COLUMNS + _LONG if long else _COLUMNS,
        _rows(columns, long),
        payload=lambda: {"tensors": Encoded(partial(_objects, columns, target, long))},
        notes=_notes(entries),
    )


def _rows(entries: Columns, long: bool) -> Iterator[tuple[Any, ...]]:
    """A row per entry; sizes are counted once for tensors of one shape."""
    common: dict[Alike, tuple[Any, ...]] = {}
    places = map(_place, entries) if long else repeat(())
    for name, alike, place in zip(entries.names, entries.alike, places, strict=False):
        rest = common.get(alike)
        if rest is None:
            entry = Entry(name, *alike)
            rest = common[alike] = (entry.dtype, entry.shape, entry.numel, stored_bytes(entry))
        yield (name, *rest, *place)


def _place(entry: Entry) -> tuple[int | None, int | None, int | None]:
    if entry.shard < 0:
        return None, None, None
    return entry.shard + 1, entry.start, entry.stop


def _objects(entries: Columns, target: Target, long: bool, between: str) -> Iterator[str]:
    """A JSON object per entry; what tensors of one shape have in common is written once."""
    rests = _Rests(target, long)
    closing = "}" + between + _OPENING
    for start in range(0, len(entries), AT_ONCE):
        names = entries.names[start : start + AT_ONCE]
        pieces = [closing] * (3 * len(names))
        pieces[::3] = _inner_texts(names)
        pieces[1::3] = map(rests.__getitem__, entries.alike[start : start + AT_ONCE])
        if long:
            pieces[2::3] = [_offsets(one) + closing for one in entries[start : start + AT_ONCE]]
        yield (_OPENING + "".join(pieces)).removesuffix(between + _OPENING)


class _Rests(dict[Alike, str]):
    """What is written behind a name, by dtype, shape, kind, tie and shard."""

    def __init__(self, target: Target, long: bool) -> None:
        super().__init__()
        self._target = target
        self._long = long

    def __missing__(self, key: Alike) -> str:
        rest = self[key] = f'", {encode(_rest(Entry("", *key), self._target, self._long))[1:-1]}'
        return rest


def _inner_texts(names: Sequence[str]) -> Sequence[str]:
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
