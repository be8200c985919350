"""Proof that one block is another one's cast: every element, to the last bit."""

from typing import Any, NamedTuple

import numpy as np

from paramctl.compute.rounding import round_to
from paramctl.dtypes import DTYPES

_WIDE = {"I64", "U64"}  # which float64 does not hold


class Side(NamedTuple):
    """One of two blocks: its dtype, bytes, and values as float64 or complex128."""

    dtype: str
    block: Any
    values: Any

    @property
    def numbers(self) -> Any:
        """The elements in their own type."""
        return self.block.view(DTYPES[self.dtype].numpy())


def is_cast(source: Side, target: Side) -> bool:
    """Whether ``target`` is what rounding ``source`` to its dtype gives; NaN matches any NaN.

    Rounding is to nearest, ties to even, once. To a type that is no float, a cast is exact.
    """
    dtypes = {source.dtype, target.dtype}
    if dtypes == _WIDE:
        return not unequal_wide(source, target).any()
    is_large = len(source.values) and np.abs(source.values).max() >= 2.0**53
    if source.values.dtype != target.values.dtype or (dtypes & _WIDE and is_large):
        return False  # of rounded integers nothing is proved
    kind = DTYPES[target.dtype]
    if kind.family != "float" or not kind.array:
        return bool((source.values == target.values).all())
    word = f"<u{kind.bits // 8}"
    same = round_to(target.dtype, source.values).view(word) == target.block.view(word)
    return bool((same | (np.isnan(source.values) & np.isnan(target.values))).all())


def unequal_wide(left: Side, right: Side) -> Any:
    """Where two blocks can't be equal because float64 would round a 64-bit integer of one.

    Between an I64 and a U64 block that is exactly where they differ.
    """
    if {left.dtype, right.dtype} == _WIDE:
        signed, unsigned = (left, right) if left.dtype == "I64" else (right, left)
        return (signed.block.view(np.uint64) != unsigned.numbers) | (signed.numbers < 0)
    for side in (left, right):
        if side.dtype in _WIDE:
            # 53 significant bits: what is left without trailing zeros must be below 2**53.
            magnitudes = np.abs(side.numbers).view(np.uint64)
            lowest = (magnitudes & (~magnitudes + np.uint64(1))).clip(1)
            return magnitudes // lowest >= np.uint64(1 << 53)
    return np.zeros(len(left.values), bool)
