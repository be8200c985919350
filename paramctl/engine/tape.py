"""What a run remembers to go backward: operations in order, and where gradients gather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.engine.operation import Operation
from paramctl.engine.parameter import Parameter
from paramctl.engine.promotion import dtype_name, is_complex


@dataclass(frozen=True)
class RowGradient:
    """A gradient that is zero but for some rows of the first axis; rows may repeat and add up."""

    indices: Any
    rows: Any
    shape: tuple[int, ...]


class Slot:
    """Where the gradient of one value gathers. Added in place once the array is its own."""

    __slots__ = ("gradient", "is_own", "is_real", "parameter")

    def __init__(self, parameter: Parameter | None = None, *, is_real: bool = True) -> None:
        self.gradient: Any = None
        self.is_own = False
        self.is_real = is_real
        self.parameter = parameter

    def add(self, xp: Any, gradient: Any) -> None:
        """Take up one more share."""
        if isinstance(gradient, RowGradient):
            self._own(xp, gradient)
            scatter_rows(xp, self.gradient, gradient)
            return
        if self.is_real and is_complex(dtype_name(gradient)):
            gradient = xp.real(gradient)
        if self.gradient is None:
            self.gradient = gradient
        elif self.is_own:
            self.gradient += gradient
        else:
            self.gradient = self.gradient + gradient
            self.is_own = True

    def _own(self, xp: Any, like: RowGradient) -> None:
        if self.gradient is None:
            self.gradient = xp.zeros(like.shape, dtype=like.rows.dtype)
        elif not self.is_own:
            self.gradient = xp.asarray(self.gradient, copy=True)
        self.is_own = True


def scatter_rows(xp: Any, target: Any, gradient: RowGradient) -> None:
    """``target[index] += row`` for every row, repeated indices included."""
    width = target.shape[1:]
    rows = xp.reshape(gradient.rows, (-1, *width))
    xp.add.at(target, xp.reshape(gradient.indices, (-1,)), rows)


@dataclass(frozen=True)
class Record:
    """One operation that ran: what fed it, what it gave, what its derivative needs."""

    operation: Operation
    inputs: tuple[Slot | None, ...]
    outputs: tuple[Slot | None, ...]
    saved: Any


class Tape:
    """Records in the order in which they ran."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._parameters: dict[int, Slot] = {}

    def slot_of(self, parameter: Parameter) -> Slot:
        """The one slot of a parameter, however often and under whichever name it is used."""
        return self._parameters.setdefault(id(parameter), Slot(parameter))

    def backward(self, xp: Any) -> None:
        """Run the derivatives from the last record to the first and forget the records.

        Slots that were seeded before pass their gradients on; parameters keep theirs.
        """
        while self.records:
            record = self.records.pop()
            upstream = tuple(slot.gradient if slot else None for slot in record.outputs)
            if all(gradient is None for gradient in upstream):
                continue
            dy = upstream if len(upstream) > 1 else upstream[0]
            gradients = record.operation.derivative(xp, record.saved, dy)
            for slot, gradient in zip(record.inputs, _each(gradients), strict=True):
                if slot is not None and gradient is not None:
                    slot.add(xp, gradient)
            for slot in record.outputs:
                if slot is not None:
                    slot.gradient = None

    def deliver(self, xp: Any) -> None:
        """Add what gathered for each parameter to its ``grad``, in an array of its own."""
        taken: set[int] = set()
        for slot in self._parameters.values():
            if slot.gradient is None or slot.parameter is None:
                continue
            fresh = slot.gradient
            if not slot.is_own and (id(fresh) in taken or getattr(fresh, "base", None) is not None):
                fresh = xp.asarray(fresh, copy=True)
            taken.add(id(fresh))
            parameter = slot.parameter
            parameter.grad = fresh if parameter.grad is None else parameter.grad + fresh
            slot.gradient = None
            slot.is_own = False


def _each(gradients: Any) -> Sequence[Any]:
    return gradients if isinstance(gradients, tuple | list) else (gradients,)
