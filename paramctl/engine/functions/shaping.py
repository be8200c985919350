"""Calls of shape operations as people write them: sizes one by one, the equation first."""

from __future__ import annotations

from typing import Any

from paramctl.engine.elementwise import is_tensor
from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.expression.errors import LanguageError


def _sizes(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Sizes given as one tuple or list, or one by one."""
    if len(given) == 1 and isinstance(given[0], tuple | list):
        return tuple(given[0])
    return given


@FUNCTIONS.register("reshape", "view")
def reshape(execution: Execution, x: Any, *shape: Any) -> Any:
    """``reshape(x, 2, -1)`` or ``reshape(x, (2, -1))``."""
    return execution.apply("reshape", x, shape=_sizes(shape))


@FUNCTIONS.register("permute")
def permute(execution: Execution, x: Any, *axes: Any) -> Any:
    """``permute(x, 0, 2, 1)`` or ``permute(x, (0, 2, 1))``."""
    return execution.apply("permute", x, axes=_sizes(axes))


@FUNCTIONS.register("broadcast_to", "expand")
def broadcast_to(execution: Execution, x: Any, *shape: Any) -> Any:
    """``expand(x, 2, -1, 3)`` or ``expand(x, (2, -1, 3))``."""
    return execution.apply("broadcast_to", x, shape=_sizes(shape))


@FUNCTIONS.register("zeros")
def zeros(execution: Execution, *shape: Any, dtype: str = "float") -> Any:
    """``zeros(2, 3)`` or ``zeros((2, 3))``."""
    return execution.apply("zeros", shape=_sizes(shape), dtype=dtype)


@FUNCTIONS.register("ones")
def ones(execution: Execution, *shape: Any, dtype: str = "float") -> Any:
    """``ones(2, 3)`` or ``ones((2, 3))``."""
    return execution.apply("ones", shape=_sizes(shape), dtype=dtype)


@FUNCTIONS.register("einsum")
def einsum(execution: Execution, equation: str, *operands: Any) -> Any:
    """``einsum("ij,jk->ik", a, b)``.

    Raises:
        LanguageError: the equation does not come first or an operand is no tensor.
    """
    if not isinstance(equation, str) or not operands or not all(map(is_tensor, operands)):
        raise LanguageError("einsum takes an equation and tensors: einsum('ij,jk->ik', a, b)")
    return execution.apply("einsum", *operands, equation=equation)
