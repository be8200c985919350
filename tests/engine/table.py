"""The table of operations and their examples as arrays: what the cross-cutting tests run over."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.engine.operation import OPERATIONS, Example, Operation


@dataclass(frozen=True)
class Call:
    """One example of one operation."""

    operation: Operation
    example: Example
    number: int

    @property
    def label(self) -> str:
        return f"{self.operation.name}-{self.number}"

    def operands(self, seed: int, dtype: str = "float64") -> list[Any]:
        """Arrays and numbers drawn from the example."""
        rng = np.random.default_rng([seed, self.number, *self.operation.name.encode()])
        low, high = self.example.domain
        drawn: list[Any] = []
        for operand in self.example.operands:
            if isinstance(operand, tuple):
                drawn.append(np.asarray(rng.uniform(low, high, operand), dtype))
            elif isinstance(operand, list):
                drawn.append(np.array(operand))
            else:
                drawn.append(operand)
        return drawn


CALLS = [
    Call(OPERATIONS[name], example, number)
    for name in OPERATIONS
    for number, example in enumerate(OPERATIONS[name].examples())
]
