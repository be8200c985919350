"""Two pieces whose bytes or dtypes are not the same: what differs by the rule, and how much."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK, spans
from paramctl.compute.decode import count_of, decode, is_decodable
from paramctl.compute.jobs import spread
from paramctl.dtypes import DTYPES
from paramctl.figures.casts import Side, is_cast, unequal_wide
from paramctl.figures.difference import Difference, difference, integer_difference
from paramctl.figures.pieces import Span, byte_span, read_piece, weight_in
from paramctl.figures.rule import Rule
from paramctl.figures.same import Pair, Verdict
from paramctl.figures.unequal import beyond, beyond_steps, unequal_bits


def square_sum(pair: Pair, span: Span) -> Difference:
    """What a piece whose bytes agree contributes to the norms of a changed pair."""
    piece = read_piece(pair.left, pair.before, span, "left piece")
    whole = Difference()
    with np.errstate(all="ignore"):
        for start, stop in spans(span[1] - span[0], BLOCK):
            first, last = byte_span(pair.before.dtype, (start, stop))
            values = decode(pair.before.dtype, piece[first:last], "left values")
            whole.add(difference(values, values))
    return whole


def total_difference(
    pair: Pair, verdicts: Sequence[Verdict], equal_spans: Sequence[Span]
) -> Difference:
    """The figures of a whole pair, from its pieces that differ and a look at the others."""
    whole = Difference()
    for verdict in verdicts:
        if verdict.difference:
            whole.add(verdict.difference)
    weigh = partial(weight_in, pair.before)
    for part in spread(partial(square_sum, pair), equal_spans, weigh, pair.before.nbytes or 0):
        whole.add(part)
    return whole


def has_values(pair: Pair) -> bool:
    """Whether the values of both sides can be told from their bytes."""
    return is_decodable(pair.before.dtype) and is_decodable(pair.after.dtype)


@np.errstate(all="ignore")
def compare_bytes(
    pair: Pair, held_left: bytearray, held_right: bytearray, rule: Rule, figures: bool
) -> Verdict:
    """The verdict on two pieces of one dtype whose bytes are not the same."""
    dtype, whole = pair.before.dtype, Difference()
    if not is_decodable(dtype):
        return Verdict(is_equal=False, difference=Difference(differing=1))
    left, right = np.frombuffer(held_left, np.uint8), np.frombuffer(held_right, np.uint8)
    for start, stop in spans(count_of(dtype, len(left)), BLOCK):
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
        return int(np.count_nonzero(unequal_bits(dtype, a, b)))
    values = raw or (decode(dtype, a, "left values"), decode(dtype, b, "right values"))
    unequal = beyond(rule, *values)
    if rule.ulp is not None:
        far = beyond_steps(rule, dtype, a, b)
        far = far.reshape(-1, 2).any(axis=1) if dtype == "C64" else far
        unequal &= far | np.isnan(values[0]) | np.isnan(values[1])
    return int(np.count_nonzero(unequal))


@np.errstate(all="ignore")
def compare_values(pair: Pair, span: Span, rule: Rule, figures: bool) -> Verdict:
    """The verdict on pieces of two dtypes: as numbers, and whether one is the other's cast."""
    before, after = pair.before.dtype, pair.after.dtype
    if not has_values(pair):
        return Verdict(is_equal=False, difference=Difference(differing=1))
    left = read_piece(pair.left, pair.before, span, "left piece")
    right = read_piece(pair.right, pair.after, span, "right piece")
    whole, casts = Difference(), [True, True]
    for start, stop in spans(span[1] - span[0], BLOCK):
        block = left[slice(*byte_span(before, (start, stop)))]
        other = right[slice(*byte_span(after, (start, stop)))]
        a = Side(before, block, decode(before, block, "left values"))
        b = Side(after, other, decode(after, other, "right values"))
        casts[0] = casts[0] and is_cast(a, b)
        casts[1] = casts[1] and is_cast(b, a)
        part = difference(a.values, b.values) if figures else Difference()
        unequal = beyond(rule, a.values, b.values)
        if not rule.atol and not rule.rtol:
            unequal |= unequal_wide(a, b)
        part.differing = int(np.count_nonzero(unequal))
        whole.add(part)
    return Verdict(not whole.differing, whole, (casts[0], casts[1]))
