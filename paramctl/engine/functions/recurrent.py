"""Recurrent layers: one product for all inputs, then a cell step by step.

Shapes follow torch: x ``(batch, t, in)``, or ``(t, batch, in)`` with ``batch_first=False``;
``weight_ih (gates * hidden, in)``, ``weight_hh (gates * hidden, hidden)``, both biases
``(gates * hidden,)``. Each gives the outputs of all steps, then the last state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.shapes import differ, show
from paramctl.engine.tensor import Tensor
from paramctl.expression.errors import LanguageError

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State], State]


@FUNCTIONS.register("lstm")
def lstm(
    execution: Execution,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Any = None,
    bias_hh: Any = None,
    weight_hr: Any = None,
    state: Any = None,
    *,
    reverse: bool = False,
    batch_first: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs, last output and last cell of a long short-term memory.

        i, f, g, o = W x + U h + b      c' = σ(f) c + σ(i) tanh(g)      h' = σ(o) tanh(c')

    Args:
        weight_hr: projects each output, ``(proj, hidden)``.
        state: ``(h, c)`` to begin with, zeros unless given.

    Source: Hochreiter & Schmidhuber 1997; gates in the order of torch.nn.LSTM.
    """
    apply = execution.apply
    hh, hr, bias = (_held(execution, x) for x in (weight_hh, weight_hr, bias_hh))

    def step(given: Tensor, old: State) -> State:
        gates = apply("add", given, apply("linear", old[0], hh, bias))
        i, f, g, o = apply("split", gates, parts=4)
        kept = apply("sigmoid", f) * old[1]
        cell = kept + apply("sigmoid", i) * apply("tanh", g)
        out = apply("sigmoid", o) * apply("tanh", cell)
        return (out if hr is None else apply("linear", out, hr)), cell

    widths = (hh.shape[1], hh.shape[0] // 4)
    run = _Scan(execution, x, weight_ih, hh, bias_ih, reverse, batch_first, 4, widths)
    outputs, (hidden, cell) = run(step, state)
    return outputs, hidden, cell


@FUNCTIONS.register("gru")
def gru(
    execution: Execution,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Any = None,
    bias_hh: Any = None,
    state: Any = None,
    *,
    reverse: bool = False,
    batch_first: bool = True,
) -> tuple[Tensor, Tensor]:
    """Outputs and last output of a gated recurrent unit.

        r, z = σ(W x + U h + b)      n = tanh(W x + b + r (U h + c))      h' = (1 - z) n + z h

    Source: Cho et al. 2014, arXiv:1406.1078; gates in the order of torch.nn.GRU.
    """
    apply = execution.apply
    hh, bias = _held(execution, weight_hh), _held(execution, bias_hh)

    def step(given: Tensor, old: State) -> State:
        recurrent = apply("linear", old[0], hh, bias)
        reset, update, new = apply("split", given, parts=3)
        reset_h, update_h, new_h = apply("split", recurrent, parts=3)
        r = apply("sigmoid", reset + reset_h)
        z = apply("sigmoid", update + update_h)
        n = apply("tanh", new + r * new_h)
        return (n + z * (old[0] - n),)

    run = _Scan(execution, x, weight_ih, hh, bias_ih, reverse, batch_first, 3, (hh.shape[1],))
    outputs, (hidden,) = run(step, state)
    return outputs, hidden


@FUNCTIONS.register("rnn")
def rnn(
    execution: Execution,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Any = None,
    bias_hh: Any = None,
    state: Any = None,
    *,
    activation: str = "tanh",
    reverse: bool = False,
    batch_first: bool = True,
) -> tuple[Tensor, Tensor]:
    """Outputs and last output of an Elman network: ``h' = activation(W x + b + U h + c)``.

    Source: Elman 1990.
    """
    apply = execution.apply
    hh, bias = _held(execution, weight_hh), _held(execution, bias_hh)

    def step(given: Tensor, old: State) -> State:
        total = apply("add", given, apply("linear", old[0], hh, bias))
        return (execution.function(activation, total),)

    run = _Scan(execution, x, weight_ih, hh, bias_ih, reverse, batch_first, 1, (hh.shape[1],))
    outputs, (hidden,) = run(step, state)
    return outputs, hidden


def _held(execution: Execution, tensor: Any) -> Any:
    return None if tensor is None else execution.hold(tensor)


class _Scan:
    """A cell run over time; only shapes need no more than its first step."""

    def __init__(
        self,
        execution: Execution,
        x: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias_ih: Any,
        reverse: bool,
        batch_first: bool,
        gates: int,
        widths: tuple[Any, ...],
    ) -> None:
        if x.ndim != 3:
            raise LanguageError(f"a recurrent layer takes (batch, time, features), {show(x.shape)}")
        if differ(weight_hh.shape[0], gates * widths[-1]) or differ(
            weight_hh.shape[0], weight_ih.shape[0]
        ):
            shapes = f"{show(weight_ih.shape)} and {show(weight_hh.shape)}"
            raise LanguageError(f"weights {shapes} don't make {gates} gates")
        self.execution = execution
        self.time = 1 if batch_first else 0
        self.reverse = reverse
        self.widths = widths
        self.given = execution.apply("linear", x, weight_ih, bias_ih)

    def __call__(self, step: Step, state: Any) -> tuple[Tensor, State]:
        length = self.given.shape[self.time]
        batch = self.given.shape[1 - self.time]
        first = self._first(state, batch)
        if self.execution.mode == "shapes":
            piece = self.execution.placeholder((batch, self.given.shape[2]), self.given.dtype)
            last = step(piece, first)
            shape = list(self.given.shape)
            shape[2] = last[0].shape[-1]
            return self.execution.placeholder(tuple(shape), last[0].dtype), last
        return self._run(step, first, length)

    def _run(self, step: Step, state: State, length: int) -> tuple[Tensor, State]:
        if not length:
            raise LanguageError("a recurrent layer needs at least one step")
        apply = self.execution.apply
        pieces = apply("split", self.given, parts=length, axis=self.time)
        outputs: list[Tensor] = []
        for piece in reversed(pieces) if self.reverse else pieces:
            state = step(apply("squeeze", piece, axis=self.time), state)
            outputs.append(state[0])
        ordered = outputs[::-1] if self.reverse else outputs
        return apply("stack", *ordered, axis=self.time), state

    def _first(self, state: Any, batch: Any) -> State:
        if state is not None:
            return tuple(state) if isinstance(state, tuple | list) else (state,)
        zeros = self.execution.apply
        return tuple(zeros("zeros", shape=(batch, width)) for width in self.widths)
