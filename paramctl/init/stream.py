"""The random stream of one parameter: the same values whatever else is drawn, in any order.

A stream is keyed by the version, the seed and the canonical name. Its elements come in blocks
of fixed length, and each block has a generator of its own. So any range can be drawn alone,
by any number of workers.

Every value is made from the generator's words by sums, products and roots, which round alike
on every processor and in every NumPy; nothing calls ``exp``, ``log`` or NumPy's own normals.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paramctl.errors import UsageError
from paramctl.init.gaussian import normals
from paramctl.init.words import Array, Words

VERSION = "paramctl-2"  # what provenance records; another transform gets another version
BLOCK = 1 << 20  # elements; smaller blocks cost threads more in hand-overs
_SEEDS = 1 << 64
_BITS = {"float32": 24, "float64": 53}

Fill = Callable[[Words, int], Array]


def check_seed(seed: object) -> int:
    """The seed, if it is one.

    Raises:
        UsageError: not an integer, or outside 0 … 2**64 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < _SEEDS:
        raise UsageError(f"a seed is a whole number from 0 to {_SEEDS - 1}, not {seed}")
    return seed


@dataclass(frozen=True)
class Stream:
    """Random elements of one parameter, addressed by their position in the flattened tensor.

    Attributes:
        seed: 0 ≤ seed < 2**64.
        name: the parameter's canonical name, any text.
        dtype: ``float32`` (24 random bits per uniform) or ``float64`` (53 bits); the precision
            of the draw. Values are rounded once more, to the tensor's own dtype, by who stores
            them: a BF16 tensor holds the rounded F32 draw.
        lane: which of a parameter's independent streams; schemes that need several count up.

    Raises:
        UsageError: the seed is out of range.
    """

    seed: int
    name: str
    dtype: str = "float32"
    lane: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)

    def on(self, lane: int) -> "Stream":
        """An independent stream of the same parameter."""
        return replace(self, lane=lane)

    def in_float64(self) -> "Stream":
        """The same stream at the higher precision."""
        return replace(self, dtype="float64")

    def words(self, block: int) -> Words:
        """What the elements of one block are made of."""
        path = f"{VERSION}\0{self.seed}\0{self.lane}\0{block}\0{self.name}"
        return Words(path.encode("utf-8", "surrogatepass"))

    def uniform(self, start: int, stop: int, low: float = 0.0, high: float = 1.0) -> Array:
        """Elements ``start`` … ``stop`` of U[low, high): ``low + (high - low) * u``, kept inside.

        ``u`` is k·2⁻²⁴ in float32, k·2⁻⁵³ in float64, k the top bits of a random word.

        Raises:
            UsageError: the interval is wider than the largest number.
        """
        if high - low > float(np.finfo(self.dtype).max):
            raise UsageError(f"from {low} to {high} is wider than {self.dtype} holds")
        values = self.gather(start, stop, self._top_bits)
        bits = _BITS[self.dtype]
        real = values.dtype.type
        scale, shift = real((high - low) * 2.0**-bits), real(low)
        values *= scale
        if low:
            values += shift
        least, most = inside(low, high, self.dtype)
        if float(most) == high > low:
            most = np.nextafter(most, real(-np.inf))
        if shift < least or real(2**bits - 1) * scale + shift > most:  # rounding leads out
            np.clip(values, least, max(least, most), out=values)
        return values

    def normal(self, start: int, stop: int, mean: float = 0.0, std: float = 1.0) -> Array:
        """Elements ``start`` … ``stop`` of N(mean, std)."""
        values = self.gather(start, stop, lambda words, n: normals(words, n, self.dtype, std))
        if mean:
            values += values.dtype.type(mean)
        return values

    def bits(self, start: int, stop: int) -> Array:
        """Elements ``start`` … ``stop`` of random 64-bit words."""
        return self.gather(start, stop, lambda words, n: words.raw(n))

    def order(self, index: int, length: int) -> Array:
        """The ``index``-th random permutation of 0 … ``length`` - 1, every one equally likely."""
        return np.argsort(self.words(index).raw(length), kind="stable")

    def gather(self, start: int, stop: int, fill: Fill) -> Array:
        """Elements ``start`` … ``stop`` of those that ``fill(words, count)`` makes, by block.

        A range may begin and end within a block: how many of a block's elements are made has
        to leave the first ones as they are.
        """
        parts = []
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            first = block * BLOCK
            values = fill(self.words(block), min(stop, first + BLOCK) - first)
            parts.append(values[max(start - first, 0) :])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, self.dtype)

    def _top_bits(self, words: Words, count: int) -> Array:
        """Random whole numbers below 2**24 or 2**53, as floats; signed words convert faster."""
        size = np.dtype(self.dtype).itemsize
        raw = words.raw(-(-count * size // 8)).astype("<u8", copy=False)
        numbers = raw.view(f"<u{size}")[:count]
        numbers >>= 8 * size - _BITS[self.dtype]
        return numbers.view(f"<i{size}").astype(self.dtype)


def inside(low: float, high: float, dtype: str) -> tuple[Any, Any]:
    """The smallest and the largest number of ``dtype`` that lie in [low, high]."""
    real = np.dtype(dtype).type
    least, most = real(low), real(high)
    if float(least) < low:
        least = np.nextafter(least, real(np.inf))
    if float(most) > high:
        most = np.nextafter(most, real(-np.inf))
    return least, most
