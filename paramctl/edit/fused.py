"""A fused tensor and its parts: names, shapes and which bytes go where, for both directions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

from paramctl.dtypes import DTYPES
from paramctl.edit.config import config_now, section_of
from paramctl.edit.draft import Draft
from paramctl.edit.layouts import Heads, Layout, Row, Run
from paramctl.edit.pieces import Piece, Pieces
from paramctl.errors import UsageError
from paramctl.formats.content import Content
from paramctl.manifest import Entry, Shape
from paramctl.names import show

_QUERIES = ("num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads")
_KEYS = ("num_key_value_heads", "num_kv_heads", "n_head_kv", "n_kv_heads")
_SIZES = ("head_dim", "d_kv")
_BEHIND = {"_blocks": 2, "_scales": 1}  # axes of MXFP4 behind that of the outputs


@dataclass(frozen=True)
class Fusion:
    """A layout with what the user says about names and heads.

    Attributes:
        layout: how parts lie.
        rows: names in place of those of the layout.
        heads: what the user says; config.json is asked where nothing is said.
    """

    layout: Layout
    rows: tuple[Row, ...] = ()
    heads: Heads | None = None

    @property
    def names(self) -> tuple[Row, ...]:
        """The names on both sides."""
        return self.rows or self.layout.names

    def heads_of(self, draft: Draft, name: str) -> Heads | None:
        """The heads of the attention that a tensor belongs to, if anybody says."""
        if self.heads is not None or not self.layout.is_attention:
            return self.heads
        config = config_now(draft)
        section = section_of(config, name) or ("text_config" if "text_config" in config else None)
        part = config.get(section, {}) if section else config
        queries = _first(part, _QUERIES) or _first(config, _QUERIES)
        if queries is None:
            return None
        keys = 1 if part.get("multi_query") is True else _first(part, _KEYS) or queries
        return Heads(queries, keys, _first(part, _SIZES), "config.json")

    def axis(self, entry: Entry) -> int:
        """The axis along which the parts of a tensor lie, from 0."""
        rank = len(entry.shape)
        last = entry.name.rpartition(".")[2]
        if self.layout.is_alternating:
            behind = next((n for end, n in _BEHIND.items() if last.endswith(end)), 0)
            return max(0, rank - 1 - behind)
        if rank == 1 or (self.layout.axis and last.endswith("bias")):
            return rank - 1
        return self.layout.axis % rank

    def parts_of(self, name: str, count: int) -> list[str] | None:
        """The names that a fused tensor splits into; ``None`` where its name is no fused one."""
        segments = name.split(".")
        table = dict(self.names)
        for place in reversed(range(len(segments))):
            parts = table.get(segments[place])
            if parts is None or (self.layout.is_stack and _is_number(segments, place + 1)):
                continue
            if self.layout.is_stack:
                parts = tuple(f"{segments[place]}.{number}" for number in range(count))
            return [".".join((*segments[:place], part, *segments[place + 1 :])) for part in parts]
        return None

    def fused_of(self, name: str) -> tuple[str, int] | None:
        """The name that a part fuses into, and which part it is; ``None`` for other names."""
        segments = name.split(".")
        for place in reversed(range(len(segments))):
            for fused, parts in self.names:
                if self.layout.is_stack:
                    if segments[place] == fused and _is_number(segments, place + 1):
                        whole = [*segments[: place + 1], *segments[place + 2 :]]
                        return ".".join(whole), int(segments[place + 1])
                elif segments[place] in parts:
                    whole = [*segments[:place], fused, *segments[place + 1 :]]
                    return ".".join(whole), parts.index(segments[place])
        return None

    def count_of(self, name: str) -> int | None:
        """How many parts the tensor of a part's name has; ``None`` where the file tells."""
        if self.layout.is_stack:
            return None
        parts = self.parts_of((self.fused_of(name) or (name, 0))[0], 0)
        return len(parts or ())


def split_content(entry: Entry, old: Content, axis: int, runs: Sequence[Run], part: int) -> Content:
    """The bytes of one part of a fused tensor."""
    cell = cell_of(entry, axis)
    total = entry.shape[axis] or 0
    outer = prod(size or 0 for size in entry.shape[:axis])
    mine: list[tuple[int, int]] = []
    place = 0
    for run in runs:
        length = run.stop - run.start
        if run.part == part:
            mine.append((place * cell, (place + length) * cell))
        place += length
    nbytes = outer * sum(stop - start for start, stop in mine)

    return Pieces(nbytes, partial(_taken, old, outer, total * cell, mine))


def _taken(
    old: Content, count: int, row: int, ranges: Sequence[tuple[int, int]]
) -> Iterator[Piece]:
    """The same ranges of each of ``count`` rows of so many bytes."""
    for base in range(0, count * row, row or 1):
        for start, stop in ranges:
            yield Piece(old, base + start, base + stop)


def fused_content(
    entry: Entry, parts: Sequence[Content], axis: int, sizes: Sequence[int], runs: Sequence[Run]
) -> Content:
    """The bytes of a fused tensor.

    Args:
        entry: what it will be.
    """
    cell = cell_of(entry, axis)
    outer = prod(size or 0 for size in entry.shape[:axis])

    return Pieces(entry.nbytes or 0, partial(_in_turns, parts, outer, cell, sizes, runs))


def _in_turns(
    parts: Sequence[Content], count: int, cell: int, sizes: Sequence[int], runs: Sequence[Run]
) -> Iterator[Piece]:
    """The runs of each of ``count`` rows."""
    for row in range(count):
        for run in runs:
            base = row * sizes[run.part]
            yield Piece(parts[run.part], (base + run.start) * cell, (base + run.stop) * cell)


def resized(shape: Shape, axis: int, size: int) -> Shape:
    """A shape with another size along an axis."""
    return (*shape[:axis], size, *shape[axis + 1 :])


def cell_of(entry: Entry, axis: int) -> int:
    """Bytes behind one place of an axis.

    Raises:
        UsageError: it is no whole number of them, as with F4.
    """
    bits = DTYPES[entry.dtype].bits * prod(size or 0 for size in entry.shape[axis + 1 :])
    if bits % 8:
        raise UsageError(f"places of {bits} bits can't be moved alone", where=show(entry.name))
    return bits // 8


def _is_number(segments: Sequence[str], place: int) -> bool:
    return place < len(segments) and segments[place].isascii() and segments[place].isdecimal()


def _first(config: dict[str, object], keys: Sequence[str]) -> int | None:
    found = (config.get(key) for key in keys)
    return next((value for value in found if isinstance(value, int) and value > 0), None)
