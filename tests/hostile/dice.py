"""Cheap random choices: a fuzzer spends its time on readers, not on its own draws."""

import random
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Dice:
    """Draws that depend on a seed alone; a tenth of the cost of ``random.Random.choice``."""

    def __init__(self, seed: str) -> None:
        self.unit = random.Random(seed).random  # a text as seed is hashed as a whole

    def below(self, count: int) -> int:
        """An integer in ``[0, count)``."""
        return int(self.unit() * count)

    def pick(self, items: Sequence[_T]) -> _T:
        """One of some items."""
        return items[int(self.unit() * len(items))]

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.unit() < probability
