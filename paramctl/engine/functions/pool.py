"""One name for both kinds of pooling."""

from __future__ import annotations

from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.tensor import Tensor
from paramctl.expression.errors import LanguageError

_KINDS = {"max": "max_pool", "mean": "avg_pool"}


@FUNCTIONS.register("pool")
def pool(
    execution: Execution,
    x: Tensor,
    kernel: Any,
    stride: Any = None,
    *,
    kind: str = "max",
    padding: Any = 0,
    ceil: bool = False,
) -> Any:
    """The largest element of each window, or with ``kind="mean"`` their mean, zeros counted.

    Shapes:
        x ``(batch, channels, *spatial)`` → ``(batch, channels, *windows)``
    """
    if kind not in _KINDS:
        raise LanguageError(f"pooling takes the {' or the '.join(_KINDS)}, not '{kind}'")
    options = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}
    return execution.apply(_KINDS[kind], x, **options)
