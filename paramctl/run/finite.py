"""The first module that made a NaN or an Inf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.engine.module import Module
from paramctl.engine.promotion import dtype_name, has_gradient
from paramctl.run.values import tensors


@dataclass(frozen=True)
class Nonfinite:
    """A module whose inputs were finite and whose output was not.

    Attributes:
        module: its path, empty for the whole model.
        nan, inf: elements of either kind in its output.
        parameters: its own parameters that hold such values already.
        in_input: whether the values came in with the model's inputs.
    """

    module: str
    type_name: str
    nan: int
    inf: int
    parameters: tuple[str, ...] = ()
    in_input: bool = False


class FiniteWatch:
    """A hook that remembers the first NaN and the first Inf.

    Attributes:
        nan: where the first NaN appeared; ``None`` while there is none.
        inf: the same for Inf. A mask may hold one on purpose.
    """

    def __init__(self) -> None:
        self.nan: Nonfinite | None = None
        self.inf: Nonfinite | None = None
        self._depth = 0

    def before(self, module: Module, values: Sequence[Any]) -> None:
        """Look at the model's own inputs once."""
        self._depth += 1
        if self._depth == 1:
            self._look(module, values, in_input=True)

    def after(self, module: Module, value: Any) -> None:
        """Look at what the module gave, unless all that can be found is found."""
        self._depth -= 1
        self._look(module, value, in_input=False)

    def _look(self, module: Module, value: Any, *, in_input: bool) -> None:
        if self.nan is not None:
            return
        for tensor in tensors(value):
            if tensor.array is None or not has_gradient(tensor.dtype):
                continue
            nan, inf = counts(tensor.execution.backend.xp, tensor.array)
            if nan or (inf and self.inf is None):
                found = Nonfinite(
                    module.path,
                    module.type_name,
                    nan,
                    inf,
                    () if in_input else _bad_parameters(module, tensor.execution),
                    in_input,
                )
                self.nan = found if nan else self.nan
                self.inf = self.inf or (found if inf else None)


def counts(xp: Any, array: Any) -> tuple[int, int]:
    """How many elements are NaN, and how many infinite; one cheap pass where there are none."""
    if bool(xp.all(xp.isfinite(array))):
        return 0, 0
    nan = int(xp.count_nonzero(xp.isnan(array)))
    return nan, int(xp.count_nonzero(xp.isinf(array)))


def _bad_parameters(module: Module, execution: Any) -> tuple[str, ...]:
    bad = []
    for name, parameter in module.parameters.items():
        if parameter is None or parameter.value is None:
            continue
        array = execution.weight(parameter).array()
        if has_gradient(dtype_name(array)) and any(counts(execution.backend.xp, array)):
            bad.append(name)
    return tuple(bad)
