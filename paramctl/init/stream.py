"""The random stream of one parameter: the same values whatever else is drawn, in any order.

A stream is keyed by a digest of the version, the seed and the canonical name. Its elements
come in blocks of fixed length; block ``b`` has a Philox generator of its own, whose counter
starts at ``(0, 0, b, lane)``. So any range can be drawn alone, by any number of workers.

Uniform values are the top bits of the generator's words, exactly; NumPy guarantees those
words. Normal values are NumPy's ziggurat on the same generator. Nothing here calls ``exp``,
``log`` or ``tanh``, whose last bits differ between processors.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from paramctl.errors import UsageError

VERSION = "paramctl-1"  # what provenance records; another transform gets another version
BLOCK = 1 << 16  # elements; a block of float32 stays in a core's cache
_SEEDS = 1 << 64
_BITS = {"float32": 24, "float64": 53}

Array = np.ndarray[Any, Any]
Fill = Callable[[int, int], Array]


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

    @cached_property
    def key(self) -> Array:
        """Two 64-bit words: the first half of sha256 of ``version NUL seed NUL name``."""
        text = f"{VERSION}\0{self.seed}\0{self.name}".encode("utf-8", "surrogatepass")
        return np.frombuffer(hashlib.sha256(text).digest()[:16], "<u8").astype(np.uint64)

    def on(self, lane: int) -> "Stream":
        """An independent stream of the same parameter."""
        return replace(self, lane=lane)

    def in_float64(self) -> "Stream":
        """The same stream at the higher precision."""
        return replace(self, dtype="float64")

    def generator(self, block: int) -> np.random.Philox:
        """The bit generator of one block, at its start."""
        return np.random.Philox(key=self.key, counter=[0, 0, block, self.lane])

    def uniform(self, start: int, stop: int, low: float = 0.0, high: float = 1.0) -> Array:
        """Elements ``start`` … ``stop`` of U[low, high): ``low + (high - low) * u``, kept inside.

        ``u`` is k·2⁻²⁴ in float32, k·2⁻⁵³ in float64, k the top bits of a random word.
        """
        values = self._gather(start, stop, self._top_bits)
        bits = _BITS[self.dtype]
        real = values.dtype.type
        scale, shift = real(high - low) * real(2.0**-bits), real(low)
        values *= scale
        if low:
            values += shift
        least, most = inside(low, high, self.dtype)
        if float(most) == high > low:
            most = np.nextafter(most, real(-np.inf))
        if shift < least or real(2**bits - 1) * scale + shift > most:  # rounding leads out
            np.clip(values, least, max(least, most), out=values)
        return values

    def normal(self, start: int, stop: int) -> Array:
        """Elements ``start`` … ``stop`` of N(0, 1)."""
        return self._gather(start, stop, self._normals)

    def bits(self, start: int, stop: int) -> Array:
        """Elements ``start`` … ``stop`` of random 64-bit words."""
        return self._gather(start, stop, lambda b, n: self.generator(b).random_raw(n))

    def order(self, index: int, length: int) -> Array:
        """The ``index``-th random permutation of 0 … ``length`` - 1, every one equally likely."""
        words = self.generator(index).random_raw(length)
        return np.argsort(words, kind="stable")

    def accepted(
        self, start: int, stop: int, propose: Callable[[np.random.Generator, int], Array]
    ) -> Array:
        """Elements by rejection: those that ``propose(rng, count)`` keeps of ``count`` tries.

        Each block keeps the first survivors of its own generator, so the order in which
        blocks are drawn, and how far one is drawn, leave the values as they are.
        """

        def fill(block: int, count: int) -> Array:
            rng = np.random.Generator(self.generator(block))
            kept: list[Array] = []
            while (missing := count - sum(map(len, kept))) > 0:
                kept.append(propose(rng, max(256, missing)))
            return np.concatenate(kept)[:count] if kept else np.empty(0, self.dtype)

        return self._gather(start, stop, fill)

    def _top_bits(self, block: int, count: int) -> Array:
        """Random whole numbers below 2**24 or 2**53, as floats; signed words convert faster."""
        if self.dtype == "float64":
            words = self.generator(block).random_raw(count)
            return (words >> np.uint64(11)).view(np.int64).astype(np.float64)
        words = self.generator(block).random_raw((count + 1) // 2)
        halves = words.astype("<u8", copy=False).view("<u4")[:count]
        return (halves >> np.uint32(8)).view(np.int32).astype(np.float32)

    def _normals(self, block: int, count: int) -> Array:
        rng = np.random.Generator(self.generator(block))
        return rng.standard_normal(count, dtype=np.dtype(self.dtype).type)

    def _gather(self, start: int, stop: int, fill: Fill) -> Array:
        """Elements of a range that may begin and end within a block."""
        parts = []
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            first = block * BLOCK
            values = fill(block, min(stop, first + BLOCK) - first)
            parts.append(values[max(start - first, 0) :])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, self.dtype)


def inside(low: float, high: float, dtype: str) -> tuple[Any, Any]:
    """The smallest and the largest number of ``dtype`` that lie in [low, high]."""
    real = np.dtype(dtype).type
    least, most = real(low), real(high)
    if float(least) < low:
        least = np.nextafter(least, real(np.inf))
    if float(most) > high:
        most = np.nextafter(most, real(-np.inf))
    return least, most
