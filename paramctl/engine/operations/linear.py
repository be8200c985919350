"""``x W^T + b``: where weights stream, so that no more than a block of one is held widened."""

from __future__ import annotations

from typing import Any

from paramctl.compute.product import product
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, promote
from paramctl.engine.shapes import differ, show
from paramctl.engine.streaming import backward_input, multiply
from paramctl.engine.weight import as_weight
from paramctl.expression.errors import LanguageError


@define("linear")
class Linear(Operation):
    """``y = x W^T + b``, with W ``(out, in)``; ``transposed`` takes W as ``(in, out)``.

    Shapes:
        x ``(…, in)``, weight ``(out, in)``, bias ``(out,)`` → y ``(…, out)``
    """

    streams = ("weight",)

    def shape(self, x: Any, weight: Any, bias: Any = None, *, transposed: bool = False) -> Form:
        if x.ndim < 1 or weight.ndim != 2:
            raise LanguageError(f"linear of {show(x.shape)} with a weight {show(weight.shape)}")
        taken, made = weight.shape if transposed else weight.shape[::-1]
        if differ(x.shape[-1], taken):
            raise LanguageError(
                f"input {show(x.shape)} has {x.shape[-1]} features, "
                f"weight {show(weight.shape)}{_named(weight)} takes {taken}"
            )
        if bias is not None and (bias.ndim != 1 or differ(bias.shape[0], made)):
            raise LanguageError(
                f"bias {show(bias.shape)}{_named(bias)} does not fit "
                f"weight {show(weight.shape)}{_named(weight)}, which gives {made} features"
            )
        return Form((*x.shape[:-1], made), promote([dtype_name(x), dtype_name(weight)]))

    def value(self, xp: Any, x: Any, weight: Any, bias: Any = None, *, transposed: bool) -> Any:
        held = as_weight(xp, weight)
        rows = xp.reshape(x, (-1, x.shape[-1]))
        y = multiply(xp, rows, held, transposed)
        if bias is not None:
            y += bias
        made = held.shape[1 if transposed else 0]
        return xp.reshape(y, (*x.shape[:-1], made)), (x, held, bias is not None, transposed)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, weight, has_bias, transposed = saved
        rows = xp.reshape(x, (-1, x.shape[-1]))
        upstream = xp.reshape(dy, (-1, dy.shape[-1]))
        dx = xp.reshape(backward_input(xp, upstream, weight, transposed), x.shape)
        pair = (rows, upstream) if transposed else (upstream, rows)
        dw = product(xp, xp.swapaxes(pair[0], 0, 1), pair[1])
        return dx, dw, xp.sum(upstream, axis=0) if has_bias else None

    def examples(self) -> Any:
        return (
            Example(((2, 3), (4, 3), (4,))),
            Example(((5, 2, 3), (4, 3), None)),
            Example(((3,), (4, 3), (4,))),
            Example(((2, 3), (3, 4), (4,)), {"transposed": True}),
            Example(((0, 3), (4, 3), (4,))),
        )


def _named(operand: Any) -> str:
    return f" ({operand.name})" if getattr(operand, "name", "") else ""
