"""A number to go backward from, and what reached every parameter."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.compute.blas import single_threaded
from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.promotion import is_float
from paramctl.engine.shapes import show as show_shape
from paramctl.engine.tensor import Tensor
from paramctl.errors import UsageError
from paramctl.names import near, show

VANISHED = 1e-7  # largest magnitude of a gradient that float32 hardly adds to a weight near 1
EXPLODED = 1e3


@dataclass(frozen=True)
class Gradient:
    """The size of a gradient.

    Attributes:
        l2: root of the sum of squares.
        absmax: largest magnitude.
        is_symmetric: whether all units of a matrix are the same and get the same gradient.
    """

    l2: float
    absmax: float
    is_symmetric: bool = False

    @property
    def flag(self) -> str:
        """``nonfinite``, ``exploding`` (absmax from 1e3), ``vanishing`` (below 1e-7) or empty."""
        if not math.isfinite(self.absmax):
            return "nonfinite"
        if self.absmax >= EXPLODED:
            return "exploding"
        return "vanishing" if self.absmax < VANISHED else ""


def seeds(
    execution: Execution, outputs: Mapping[str, Tensor], loss: str, target: Mapping[str, Any]
) -> dict[str, Any]:
    """The gradient of a loss by each float output.

        sum: 1    mean: 1/n    mse: 2 (y - target) / n    n: elements of all float outputs

    Raises:
        UsageError: a target is missing, of another shape, or names no output.
    """
    floats = {name: y for name, y in outputs.items() if is_float(y.dtype)}
    if loss == "mse":
        floats = _with_targets(floats, target)
    count = sum(math.prod(y.shape) for y in floats.values())
    xp = execution.backend.xp
    if loss == "sum":
        return {name: xp.ones_like(y.array) for name, y in floats.items()}
    if loss == "mean":
        return {name: xp.full_like(y.array, 1 / count) for name, y in floats.items()}
    goals = {name: execution.constant(target[name]).array for name in floats}
    return {name: (y.array - goals[name]) * (2 / count) for name, y in floats.items()}


def go_backward(
    execution: Execution, outputs: Mapping[str, Tensor], seeds: Mapping[str, Any]
) -> None:
    """Fill the gradients of every parameter that took part in the outputs."""
    taken = [name for name in seeds if outputs[name].slot is not None]
    with single_threaded():
        if len(taken) == 1:
            execution.backward(outputs[taken[0]], seeds[taken[0]])
        elif taken:
            shares = [
                execution.apply("sum", outputs[name] * execution.constant(seeds[name]))
                for name in taken
            ]
            execution.backward(functools.reduce(operator.add, shares))


def sizes(module: Module, xp: Any) -> dict[str, Gradient | None]:
    """Each trained parameter's gradient, under the first of its names; ``None`` without one."""
    found: dict[str, Gradient | None] = {}
    for name, parameter in module.unique_parameters():
        if parameter.is_trained:
            found[name] = None if parameter.grad is None else _size(parameter, xp)
    return found


def _size(parameter: Parameter, xp: Any) -> Gradient:
    gradient = parameter.grad
    magnitudes = xp.astype(xp.abs(gradient), xp.float64)
    absmax = float(xp.max(magnitudes)) if magnitudes.size else 0.0
    l2 = math.sqrt(float(xp.sum(magnitudes * magnitudes)))
    return Gradient(l2, absmax, absmax > 0 and _is_symmetric(parameter, xp))


def _is_symmetric(parameter: Parameter, xp: Any) -> bool:
    """Whether units that are the same have the same gradient, which keeps them so for ever."""
    gradient, axes = parameter.grad, parameter.axes
    out = axes.index("out") if "out" in axes else None
    if out is None or "in" not in axes or gradient.shape[out] < 2:
        return False
    if not _has_equal_rows(xp.moveaxis(gradient, out, 0), xp):
        return False
    value = parameter.value
    array = value.array() if hasattr(value, "rows") else value
    own = np if isinstance(array, np.ndarray) else xp
    return _has_equal_rows(own.moveaxis(array, out, 0), own)


def _has_equal_rows(rows: Any, xp: Any) -> bool:
    return bool(xp.all(rows == rows[:1, ...]))


def symmetric(found: Mapping[str, Gradient | None]) -> list[str]:
    """The names of the parameters whose units all get the same gradient."""
    return [name for name, gradient in found.items() if gradient and gradient.is_symmetric]


def _with_targets(floats: dict[str, Tensor], target: Mapping[str, Any]) -> dict[str, Tensor]:
    strangers = [name for name in target if name not in floats]
    if strangers:
        similar = near(strangers[0], floats, 1)
        hint = f"did you mean {similar[0]}?" if similar else f"outputs: {', '.join(floats)}"
        raise UsageError(
            f"no float output is named '{show(strangers[0])}'", where="--target", hint=hint
        )
    for name, goal in target.items():
        shape = tuple(goal.shape)
        if shape != floats[name].shape:
            raise UsageError(
                f"the output '{show(name)}' is {show_shape(floats[name].shape)}, "
                f"its target {show_shape(shape)}",
                where="--target",
            )
    missing = [name for name in floats if name not in target]
    if missing and not target:
        raise UsageError("mse needs a target", hint="--target FILE with the wanted outputs")
    return {name: floats[name] for name in floats if name in target}
