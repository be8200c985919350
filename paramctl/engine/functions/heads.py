"""Heads: features cut into heads and put together again, and attention over them."""

from __future__ import annotations

from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.shapes import show
from paramctl.expression.errors import LanguageError


@FUNCTIONS.register("heads", "split_heads")
def heads(execution: Execution, x: Any, count: int) -> Any:
    """Features as ``count`` heads.

    Shapes:
        x ``(…, t, count * d)`` → ``(…, count, t, d)``
    """
    if x.ndim < 2 or not isinstance(count, int) or count < 1:
        raise LanguageError(f"{show(x.shape)} can't be cut into {count} heads")
    size = x.shape[-1]
    if isinstance(size, int) and size % count:
        raise LanguageError(f"{size} features don't make {count} heads: {show(x.shape)}")
    cut = execution.apply("reshape", x, shape=(*x.shape[:-1], count, size // count))
    return execution.apply("transpose", cut, first=-3, second=-2)


@FUNCTIONS.register("merge_heads")
def merge_heads(execution: Execution, x: Any) -> Any:
    """Heads side by side again.

    Shapes:
        x ``(…, heads, t, d)`` → ``(…, t, heads * d)``
    """
    if x.ndim < 3:
        raise LanguageError(f"{show(x.shape)} has no heads to merge")
    turned = execution.apply("transpose", x, first=-3, second=-2)
    width = x.shape[-3] * x.shape[-1]
    return execution.apply("reshape", turned, shape=(*turned.shape[:-2], width))


@FUNCTIONS.register("repeat_heads")
def repeat_heads(execution: Execution, x: Any, times: int) -> Any:
    """Each head ``times`` times in a row, as grouped queries need it.

    Shapes:
        x ``(…, kv, t, d)`` → ``(…, kv * times, t, d)``
    """
    lead, (kv, length, width) = x.shape[:-3], x.shape[-3:]
    one = execution.apply("reshape", x, shape=(*lead, kv, 1, length, width))
    many = execution.apply("broadcast_to", one, shape=(*lead, kv, times, length, width))
    return execution.apply("reshape", many, shape=(*lead, kv * times, length, width))
