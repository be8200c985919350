"""Layouts of fused tensors: the names on both sides, the axis, and how the parts lie along it.

A fused tensor holds its parts along one axis, in runs: one block per part, or one per part and
head. A new layout is a line in ``LAYOUTS``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paramctl.errors import UsageError
from paramctl.names import near, show

Row = tuple[str, tuple[str, ...]]

_QKV: tuple[Row, ...] = (
    ("qkv_proj", ("q_proj", "k_proj", "v_proj")),
    ("qkv", ("q", "k", "v")),
    ("query_key_value", ("query", "key", "value")),
    ("c_attn", ("c_q", "c_k", "c_v")),
    ("Wqkv", ("Wq", "Wk", "Wv")),
    ("in_proj_weight", ("q_proj_weight", "k_proj_weight", "v_proj_weight")),
    ("in_proj_bias", ("q_proj_bias", "k_proj_bias", "v_proj_bias")),
)
_GATE_UP: tuple[Row, ...] = (
    ("gate_up_proj", ("gate_proj", "up_proj")),
    ("w13", ("w1", "w3")),
)
_GPT_OSS: tuple[Row, ...] = tuple(
    (f"gate_up_proj{end}", (f"gate_proj{end}", f"up_proj{end}"))
    for end in ("", "_bias", "_blocks", "_scales")
)


class Heads(NamedTuple):
    """Heads of an attention, as ``config.json`` or the user says.

    Attributes:
        queries, keys: how many heads each has; a group of queries shares a head of keys.
        size: of one head; ``None`` where it follows from the tensor.
        where: who says so, for messages.
    """

    queries: int
    keys: int
    size: int | None = None
    where: str = ""


class Run(NamedTuple):
    """Places ``[start, stop)`` of a part, next to each other in the fused tensor."""

    part: int
    start: int
    stop: int


@dataclass(frozen=True)
class Layout:
    """How parts lie in a fused tensor.

    Attributes:
        name: what ``--layout`` calls it.
        about: one line for people.
        names: segment of a fused name to those of its parts, in order; one to one.
        axis: of a weight, from 0 or from the last; a bias has its last.
        is_grouped: per head of keys: its queries, itself, its values, and so on.
        is_stack: the parts are numbered and lie along a new first axis.
        is_alternating: place by place one of each part.
    """

    name: str
    about: str
    names: tuple[Row, ...]
    axis: int = 0
    is_grouped: bool = False
    is_stack: bool = False
    is_alternating: bool = False

    @property
    def is_attention(self) -> bool:
        """Whether the parts are queries, keys and values."""
        return self.names is _QKV

    def sizes(self, total: int, heads: Heads | None, where: str) -> list[int]:
        """The sizes of the parts along the axis of a fused tensor.

        Raises:
            UsageError: they don't come to the total, or depend on heads that nobody says.
        """
        if self.is_stack:
            return [1] * total
        if not self.is_attention or (heads is None and not self.is_grouped):
            count = 3 if self.is_attention else 2
            if total % count:
                raise UsageError(f"{total} does not divide into {count} parts", where=where)
            return [total // count] * count
        if heads is None:
            raise _no_heads(self, where)
        size = heads.size or total // (heads.queries + 2 * heads.keys)
        found = [size * count for count in (heads.queries, heads.keys, heads.keys)]
        if sum(found) != total or not size:
            raise UsageError(
                f"{heads.queries} heads and twice {heads.keys} of {size} ({heads.where}) are "
                f"{sum(found)}, not {total}",
                where=where,
                hint="say it: --heads H --kv-heads K --head-dim D",
            )
        return found

    def runs(self, sizes: Sequence[int], heads: Heads | None, where: str) -> Iterator[Run]:
        """The runs of all parts in the order of the fused tensor, unless they alternate.

        Raises:
            UsageError: the sizes don't divide by the heads, or nobody says how many those are.
        """
        groups = 1
        if self.is_grouped:
            if heads is None:
                raise _no_heads(self, where)
            groups = heads.keys
        if any(size % groups for size in sizes):
            listed = ", ".join(map(str, sizes))
            raise UsageError(f"parts of {listed} do not divide by {groups} heads", where=where)
        for group in range(groups):
            for part, size in enumerate(sizes):
                step = size // groups
                yield Run(part, group * step, (group + 1) * step)


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("qkv", "[Q; K; V] along the first axis; K and V may have fewer heads", _QKV),
        Layout("neox", "per head [q, k, v] along the first axis", _QKV, is_grouped=True),
        Layout("conv1d", "[Q, K, V] along the last axis, as GPT-2 stores it", _QKV, axis=-1),
        Layout("gate-up", "[gate; up] along the last axis but one", _GATE_UP, axis=-2),
        Layout(
            "gpt-oss",
            "gate and up take turns along the last axis; of MXFP4 blocks and scales along the "
            "axis of the outputs",
            _GPT_OSS,
            axis=-1,
            is_alternating=True,
        ),
        Layout(
            "experts", "numbered experts along a new first axis", (("experts", ()),), is_stack=True
        ),
    )
}


def find_layout(name: str) -> Layout:
    """The layout of a name.

    Raises:
        UsageError: there is none.
    """
    if name not in LAYOUTS:
        similar = near(name, LAYOUTS, 1)
        hint = f"did you mean {similar[0]}?" if similar else f"layouts: {', '.join(LAYOUTS)}"
        raise UsageError(f"no layout named '{show(name)}'", hint=hint)
    return LAYOUTS[name]


def parse_names(text: str) -> Row:
    """Segments of ``FUSED=PART,PART…``; of ``FUSED`` alone for numbered parts.

    Raises:
        UsageError: a segment is empty, or a part stands there twice.
    """
    fused, _, rest = text.partition("=")
    parts = tuple(part.strip() for part in rest.split(",")) if rest else ()
    if not fused.strip() or not all(parts) or len(set(parts)) != len(parts):
        raise UsageError(f"'{show(text)}' is no FUSED=PART,PART", hint="as in qkv=q,k,v")
    return fused.strip(), parts


def _no_heads(layout: Layout, where: str) -> UsageError:
    return UsageError(
        f"the layout {layout.name} depends on the number of heads, which nobody says",
        where=where,
        hint="say it: --heads H",
    )
