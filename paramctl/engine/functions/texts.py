"""Where a text ends, for heads that tell one thing of a whole text."""

from __future__ import annotations

from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.shapes import differ, show
from paramctl.engine.tensor import Tensor
from paramctl.expression.errors import LanguageError


@FUNCTIONS.register("last_words")
def last_words(execution: Execution, x: Tensor, ids: Tensor, padding: int | None = None) -> Any:
    """The features of each text's last word that is no padding; of the last one without padding.

    Shapes:
        x ``(batch, t, features)``, ids ``(batch, t)`` → ``(batch, features)``
    """
    if x.ndim != 3 or ids.ndim != 2 or any(map(differ, x.shape[:2], ids.shape)):
        raise LanguageError(
            f"last_words takes (batch, t, features) and (batch, t), not {show(x.shape)} and "
            f"{show(ids.shape)}"
        )
    apply = execution.apply
    if padding is None:
        return apply("getitem", x, index=(slice(None), -1))
    places = apply("mul", apply("ne", ids, padding), apply("arange", 0, ids.shape[1]))
    last = apply("argmax", places, axis=-1)
    index = apply("getitem", last, index=(slice(None), None, None))
    index = apply("broadcast_to", index, shape=(ids.shape[0], 1, x.shape[2]))
    return apply("squeeze", apply("gather", x, index, axis=1), axis=1)
