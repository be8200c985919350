"""Random 64-bit words: one generator for each block of a stream, and for each of its branches."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Words:
    """A sequence of random words that its path alone decides.

    The state of the generator, SFC64, is the sha256 of the path; NumPy guarantees the words
    that follow from a state.

    Attributes:
        path: what keys the sequence.
    """

    path: bytes

    def branch(self, name: str) -> "Words":
        """An independent sequence below this one."""
        return replace(self, path=b"%s\0%s" % (name.encode(), self.path))

    def generator(self) -> np.random.SFC64:
        """The generator at the start of the sequence."""
        digest = hashlib.sha256(self.path).digest()
        state = np.frombuffer(digest, "<u8").astype(np.uint64)
        state[3] = 1  # counts the words
        result = np.random.SFC64(0)
        result.state = {**result.state, "state": {"state": state}}
        return result

    def raw(self, count: int) -> Array:
        """The first words."""
        return self.generator().random_raw(count)

    def uniforms(self, count: int) -> Array:
        """The first words as float64 of [0, 1): their top 53 bits."""
        return unit(self.raw(count))


def unit(words: Array) -> Array:
    """Words as float64 of [0, 1): their top 53 bits, exactly."""
    return (words >> np.uint64(11)).view(np.int64) * 2.0**-53
