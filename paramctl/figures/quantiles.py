"""Exact quantiles in bounded memory: the bits of a value, as a sortable key, digit by digit.

The first pass counts the highest 16 bits of every key. It says in which of 65,536 bins the
wanted ranks lie; each further pass counts the next 16 bits inside those bins alone.

    x(q) = x[i] + (h - i) (x[i+1] - x[i]),  h = q (n - 1),  i = floor(h)
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK, spans
from paramctl.compute.decode import count_of, decode, is_decodable, table
from paramctl.compute.jobs import spread
from paramctl.compute.traffic import expect
from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError
from paramctl.figures.codes import count_codes
from paramctl.figures.pieces import Readable, Span, byte_span, read_piece, size_of, weight_in
from paramctl.figures.tally import Number
from paramctl.manifest import Entry

MOST = 32
_DIGIT = 16
_BINS = 1 << _DIGIT
Counted = tuple[Any, Any]  # bins that occur and how often, flat over all prefixes


def parse_quantiles(text: str) -> tuple[float, ...]:
    """Probabilities from ``0.01,0.5,0.99``, in the order given.

    Raises:
        UsageError: one is no number from 0 to 1, or there are too many.
    """
    found = []
    for part in text.split(","):
        try:
            probability = float(part)
        except ValueError:
            probability = math.nan
        if not 0 <= probability <= 1:
            raise UsageError(f"a quantile is a number from 0 to 1, not '{part.strip()}'")
        found.append(probability)
    if len(found) > MOST:
        raise UsageError(f"{len(found)} quantiles are too many: at most {MOST} at once")
    return tuple(dict.fromkeys(found))


def quantiles(
    source: Readable, entry: Entry, probabilities: Sequence[float]
) -> tuple[float, ...] | None:
    """The quantiles of one tensor, NaN left out, Inf kept; between two values linear.

    ``None`` for a tensor without values, for complex ones, which have no order, and for
    dtypes whose values can't be told. Integers of 64 bits are rounded at the end.
    """
    if not is_decodable(entry.dtype) or entry.dtype == "C64":
        return None
    narrow = DTYPES[entry.dtype].bits <= 8
    passes = 1 if narrow else DTYPES[entry.dtype].bits // _DIGIT
    expect("read", (entry.nbytes or 0) * passes)
    search = _by_code(source, entry) if narrow else _Search(source, entry)
    if not search.count:
        return None
    places = [probability * (search.count - 1) for probability in probabilities]
    ranks = sorted({int(place) + more for place in places for more in (0, 1)})
    values = search.values([rank for rank in ranks if rank < search.count])
    return tuple(_between(values, place) for place in places)


def _between(values: dict[int, Number], place: float) -> float:
    low = values[int(place)]
    high = values.get(int(place) + 1, low)
    share = place - int(place)
    if low == high or not share:
        return float(low)
    if math.isinf(low) or math.isinf(high):
        return float(low if share < 0.5 else high)
    # From the nearer end, so that the result never lies outside.
    gap = float(high) - float(low)
    return float(low) + gap * share if share < 0.5 else float(high) - gap * (1 - share)


class _Codes:
    """Values of types of 8 bits and fewer, by how often each code occurs."""

    def __init__(self, dtype: str, counts: Any) -> None:
        values = table(dtype)
        order = np.argsort(values, kind="stable")
        order = order[~np.isnan(values[order])]
        self._ordered = values[order]
        self._ends = np.cumsum(counts[order])
        self.count = int(self._ends[-1])

    def values(self, ranks: Sequence[int]) -> dict[int, Number]:
        """The values at these places of the ascending order."""
        found = self._ordered[np.searchsorted(self._ends, ranks, side="right")] + 0.0
        return dict(zip(ranks, found.tolist(), strict=True))


def _by_code(source: Readable, entry: Entry) -> _Codes:
    work = partial(_code_counts, source, entry)
    pieces = spans(size_of(entry))
    return _Codes(entry.dtype, sum(spread(work, pieces, partial(weight_in, entry))))


def _code_counts(source: Readable, entry: Entry, span: Span) -> Any:
    return count_codes(entry.dtype, read_piece(source, entry, span))


class _Search:
    """Values of 16 bits and more, found digit by digit."""

    def __init__(self, source: Readable, entry: Entry) -> None:
        self._source, self._entry = source, entry
        self._bits = DTYPES[entry.dtype].bits
        self._first = self._counts([0], self._bits - _DIGIT)
        self.count = int(self._first.sum())

    def values(self, ranks: Sequence[int]) -> dict[int, Number]:
        """The values at these places of the ascending order."""
        prefixes, counts = [0], self._first
        found = {rank: (0, rank) for rank in ranks}  # the key so far, and the rank inside it
        for shift in range(self._bits - _DIGIT, -1, -_DIGIT):
            if shift != self._bits - _DIGIT:
                prefixes = sorted({key for key, _ in found.values()})
                counts = self._counts(prefixes, shift)
            ends = np.cumsum(counts, axis=1)
            for rank, (key, inside) in found.items():
                row = ends[prefixes.index(key)]
                digit = int(np.searchsorted(row, inside, side="right"))
                before = int(row[digit - 1]) if digit else 0
                found[rank] = (key << _DIGIT | digit, inside - before)
        return {rank: _value(self._entry.dtype, key) for rank, (key, _) in found.items()}

    def _counts(self, prefixes: Sequence[int], shift: int) -> Any:
        """How often each digit at ``shift`` follows each prefix."""
        total = np.zeros(len(prefixes) * _BINS, np.int64)
        work = partial(_counted, self._source, self._entry, prefixes, shift)
        pieces = spans(size_of(self._entry))
        for places, times in spread(work, pieces, partial(weight_in, self._entry)):
            total[places] += times
        return total.reshape(len(prefixes), _BINS)


def _counted(
    source: Readable, entry: Entry, prefixes: Sequence[int], shift: int, span: Span
) -> Counted:
    piece = read_piece(source, entry, span)
    total = np.zeros(len(prefixes) * _BINS, np.int64)
    for start, stop in spans(count_of(entry.dtype, len(piece)), BLOCK):
        keys = _keys(entry.dtype, piece[slice(*byte_span(entry.dtype, (start, stop)))])
        for places in _places(keys, prefixes, shift, DTYPES[entry.dtype].bits):
            total += np.bincount(places, minlength=len(total))
    places = np.flatnonzero(total)
    return places, total[places]


def _places(keys: Any, prefixes: Sequence[int], shift: int, bits: int) -> Iterator[Any]:
    """The bins of all keys that begin with one of the prefixes."""
    digits = (keys >> keys.dtype.type(shift)) & keys.dtype.type(_BINS - 1)
    if shift == bits - _DIGIT:
        yield digits
        return
    known = np.array(prefixes, keys.dtype)
    heads = keys >> keys.dtype.type(shift + _DIGIT)
    inside = np.flatnonzero(_isin(heads, known))
    rows = np.searchsorted(known, heads[inside])
    yield rows * _BINS + digits[inside].astype(np.int64)


def _isin(heads: Any, known: Any) -> Any:
    """Which heads are known, by a table where they have no more than 16 bits."""
    if int(known[-1]) >= _BINS or heads.dtype.itemsize > 4:
        return known[np.searchsorted(known, heads).clip(max=len(known) - 1)] == heads
    is_known = np.zeros(_BINS, bool)
    is_known[known] = True
    return is_known[heads]


def _keys(dtype: str, block: Any) -> Any:
    """Unsigned integers in the order of the values; those of NaN are left out."""
    kind = DTYPES[dtype]
    word = np.dtype(f"<u{kind.bits // 8}")
    bits, sign = block.view(word), word.type(1 << (kind.bits - 1))
    if kind.family == "uint":
        return bits
    if kind.family == "int":
        return bits ^ sign
    numbers = block.view(kind.numpy())
    with np.errstate(invalid="ignore"):  # a signalling NaN is one
        is_nan = np.isnan(numbers)
    if is_nan.any():
        bits = bits[~is_nan]
    return np.where(bits & sign, ~bits, bits | sign)


def _value(dtype: str, key: int) -> Number:
    kind = DTYPES[dtype]
    sign = 1 << (kind.bits - 1)
    if kind.family == "uint":
        return key
    if kind.family == "int":
        return key - sign
    bits = key ^ sign if key & sign else key ^ ((1 << kind.bits) - 1)
    block = np.array([bits], f"<u{kind.bits // 8}").view(np.uint8)
    return float(decode(dtype, block)[0]) + 0.0
