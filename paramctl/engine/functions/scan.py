"""A selective state space: a linear recurrence whose speed each input sets anew."""

from __future__ import annotations

from itertools import chain
from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.shapes import differ, show
from paramctl.engine.tensor import Tensor
from paramctl.expression.errors import LanguageError


@FUNCTIONS.register("selective_scan")
def selective_scan(
    execution: Execution, x: Tensor, steps: Tensor, rates: Tensor, b: Tensor, c: Tensor
) -> Tensor:
    """What each channel's states, driven by x, show at every time.

        h_t = exp(steps_t · rates) h_{t-1} + steps_t · b_t · x_t,  h_0 = 0      y_t = Σ_n c_t h_t

    One time's states are held at once, not those of all times.

    Shapes:
        x and steps ``(batch, t, channels)``, rates ``(channels, states)``,
        b and c ``(batch, t, states)`` → y ``(batch, t, channels)``
    Source: Gu & Dao 2023, arXiv:2312.00752, algorithm 2.
    """
    _check(x, steps, rates, b, c)
    if execution.mode == "shapes":
        return execution.placeholder(x.shape, x.dtype)
    rates = execution.hold(rates)
    length = x.shape[1]
    apply = execution.apply
    pieces = [apply("split", part, parts=length, axis=1) for part in (x, steps, b, c)]
    state: Any = None
    outputs = []
    for x_t, step, b_t, c_t in zip(*pieces, strict=True):
        step = apply("transpose", step, first=1, second=2)  # (batch, channels, 1)
        push = step * apply("transpose", x_t, first=1, second=2) * b_t
        state = push if state is None else apply("exp", step * rates) * state + push
        outputs.append(apply("sum", state * c_t, axis=-1))
    return apply("stack", *outputs, axis=1)  # type: ignore[no-any-return]


def _check(x: Tensor, steps: Tensor, rates: Tensor, b: Tensor, c: Tensor) -> None:
    shapes = [part.shape for part in (x, steps, rates, b, c)]
    fits = [len(shape) for shape in shapes] == [3, 3, 2, 3, 3]
    if fits:
        channels, states = rates.shape
        lead = x.shape[:2]
        wanted = [(*lead, channels)] * 2 + [rates.shape] + [(*lead, states)] * 2
        pairs = zip(chain(*wanted), chain(*shapes), strict=True)
        fits = not any(differ(one, other) for one, other in pairs)
    if not fits:
        raise LanguageError(
            "selective_scan takes (batch, t, channels) twice, (channels, states) and "
            f"(batch, t, states) twice, not {', '.join(map(show, shapes))}"
        )
    if isinstance(x.shape[1], int) and x.shape[1] == 0:
        raise LanguageError("selective_scan needs at least one step")
