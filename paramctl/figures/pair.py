"""One piece of two tensors, compared: the unit of work of every comparison."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from paramctl.compute.blocks import BLOCK, scratch, spans
from paramctl.compute.decode import decode, is_decodable
from paramctl.dtypes import DTYPES
from paramctl.figures.casts import Side, is_cast, unequal_wide
from paramctl.figures.difference import Difference, difference, integer_difference
from paramctl.figures.pieces import Readable, Span, byte_span, read_piece
from paramctl.figures.rule import Rule
from paramctl.manifest import Entry

_STRETCH = 1 << 18  # bytes of each side that are compared while they are in the cache


class Pair(NamedTuple):
    """Two tensors of one shape, a and b."""

    left: Readable
    before: Entry
    right: Readable
    after: Entry

    @property
    def is_retyped(self) -> bool:
        """Whether the element types differ."""
        return self.before.dtype != self.after.dtype


@dataclass(frozen=True)
class Verdict:
    """What became of one piece.

    Attributes:
        is_equal: whether every element is equal by the rule.
        difference: the figures; ``None`` where the bytes agree.
        casts: whether b is a's cast here, and a is b's; of no meaning for one dtype.
    """

    is_equal: bool
    difference: Difference | None = None
    casts: tuple[bool, bool] = (False, False)

    @property
    def may_be_cast(self) -> bool:
        """Whether the rest of the tensor may still show a cast."""
        return any(self.casts)


def compare_piece(pair: Pair, span: Span, rule: Rule, figures: bool) -> Verdict:
    """The verdict on elements [start, stop) of a pair."""
    with np.errstate(all="ignore"):
        if pair.is_retyped:
            return _compare_values(pair, span, rule, figures)
        if _same_bytes(pair, span, stop_early=not figures and rule.mode == "bits"):
            return Verdict(is_equal=True)
        left, right = _held(pair, span)
        if not is_decodable(pair.before.dtype):
            return Verdict(is_equal=False, difference=Difference(differing=1))
        return _compare_blocks(pair, span, left, right, rule, figures)


def square_sum(pair: Pair, span: Span) -> Difference:
    """What a piece whose bytes agree contributes to the norms of a changed pair."""
    piece = read_piece(pair.left, pair.before, span, "left")
    whole = Difference()
    with np.errstate(all="ignore"):
        for start, stop in spans(span[1] - span[0], BLOCK):
            first, last = byte_span(pair.before.dtype, (start, stop))
            values = decode(pair.before.dtype, piece[first:last], "left values")
            whole.add(difference(values, values))
    return whole


def _same_bytes(pair: Pair, span: Span, stop_early: bool) -> bool:
    """Read both sides stretch by stretch and compare them as machine words."""
    start, stop = byte_span(pair.before.dtype, span)
    left, right = _held(pair, span)
    same = True
    for first, last in spans(stop - start, _STRETCH):
        pair.left.read_into(pair.before.name, memoryview(left[first:last]), start + first)
        pair.right.read_into(pair.after.name, memoryview(right[first:last]), start + first)
        same = same and _agree(left[first:last], right[first:last])
        if stop_early and not same:
            return False
    return same


def _agree(left: Any, right: Any) -> bool:
    words = len(left) & ~7
    return np.array_equal(left[:words].view(np.uint64), right[:words].view(np.uint64)) and (
        np.array_equal(left[words:], right[words:])
    )


def _held(pair: Pair, span: Span) -> tuple[Any, Any]:
    """The buffers that hold the two sides of a piece in this thread."""
    size = byte_span(pair.before.dtype, span)
    other = byte_span(pair.after.dtype, span)
    return (
        scratch("left", size[1] - size[0], np.uint8),
        scratch("right", other[1] - other[0], np.uint8),
    )


def _compare_blocks(
    pair: Pair, span: Span, left: Any, right: Any, rule: Rule, figures: bool
) -> Verdict:
    """Both sides of one dtype, with differing bytes, block by block."""
    dtype, whole = pair.before.dtype, Difference()
    for start, stop in spans(span[1] - span[0], BLOCK):
        first, last = byte_span(dtype, (start, stop))
        a, b = left[first:last], right[first:last]
        is_wide = DTYPES[dtype].family in ("int", "uint") and DTYPES[dtype].bits == 64
        raw = (a.view(DTYPES[dtype].numpy()), b.view(DTYPES[dtype].numpy())) if is_wide else None
        unequal = _unequal(dtype, a, b, raw, rule)
        if figures:
            part = (
                integer_difference(dtype, a, b, raw)
                if raw
                else difference(decode(dtype, a, "left values"), decode(dtype, b, "right values"))
            )
            part.differing = unequal
            whole.add(part)
        elif unequal:
            return Verdict(is_equal=False, difference=Difference(differing=unequal))
    return Verdict(is_equal=not whole.differing, difference=whole)


def _unequal(dtype: str, a: Any, b: Any, raw: Any, rule: Rule) -> int:
    """How many elements of two blocks of bytes differ by the rule."""
    if rule.mode == "bits":
        return int(np.count_nonzero(rule.unequal_bits(dtype, a, b)))
    values = raw or (decode(dtype, a, "left values"), decode(dtype, b, "right values"))
    unequal = rule.beyond(*values)
    if rule.ulp is not None:
        far = rule.beyond_steps(dtype, a, b)
        far = far.reshape(-1, 2).any(axis=1) if dtype == "C64" else far
        unequal &= far | np.isnan(values[0]) | np.isnan(values[1])
    return int(np.count_nonzero(unequal))


def _compare_values(pair: Pair, span: Span, rule: Rule, figures: bool) -> Verdict:
    """Both sides of other dtypes: as numbers, and whether one is the other's cast."""
    before, after = pair.before.dtype, pair.after.dtype
    if not (is_decodable(before) and is_decodable(after)):
        return Verdict(is_equal=False, difference=Difference(differing=1))
    left = read_piece(pair.left, pair.before, span, "left")
    right = read_piece(pair.right, pair.after, span, "right")
    whole, casts = Difference(), [True, True]
    for start, stop in spans(span[1] - span[0], BLOCK):
        block = left[slice(*byte_span(before, (start, stop)))]
        other = right[slice(*byte_span(after, (start, stop)))]
        a = Side(before, block, decode(before, block, "left values"))
        b = Side(after, other, decode(after, other, "right values"))
        casts[0] = casts[0] and is_cast(a, b)
        casts[1] = casts[1] and is_cast(b, a)
        part = difference(a.values, b.values) if figures else Difference()
        unequal = rule.beyond(a.values, b.values)
        if not rule.atol and not rule.rtol:
            unequal |= unequal_wide(a, b)
        part.differing = int(np.count_nonzero(unequal))
        whole.add(part)
    return Verdict(not whole.differing, whole, (casts[0], casts[1]))
