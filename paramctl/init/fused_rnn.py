"""The packed parameters of mxnet's recurrent layers: every gate's weights, then every bias."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from paramctl.errors import UsageError
from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.scheme import parse_scheme
from paramctl.init.stream import Stream
from paramctl.init.words import Array

_GATES = {
    "lstm": ("_i", "_f", "_c", "_o"),
    "gru": ("_r", "_z", "_o"),
    "rnn_relu": ("",),
    "rnn_tanh": ("",),
}


class Block(NamedTuple):
    """One gate's weight ``(hidden, inputs)`` or bias ``(hidden,)`` in the vector.

    Attributes:
        name: mxnet's, such as ``l0_i2h_f_weight``; ``r`` is the way back.
        start: its first element.
    """

    name: str
    start: int
    shape: Shape


@INITIALIZERS.register("mxnet.fused_rnn", "mxnet.fusedrnn", "mxnet.FusedRNN")
@dataclass(frozen=True)
class FusedRnn(Initializer):
    """A packed RNN, GRU or LSTM: each gate's weights by a scheme of their own, biases zeros.

        layer by layer, both ways: i2h weights, h2h weights; then so all biases; b_f = forget_bias

    Gates are i, f, c, o of an LSTM and r, z, o of a GRU. Each gate's weights have its own fans
    and its own stream, that of ``NAME.l0_i2h_i_weight`` and so on. The forget gate has two
    biases, which add up. How many inputs there are follows from the length.

    Shapes:
        ``(d·g·h·(inputs + h + 2 + (layers - 1)·(h + d·h + 2)),)`` with g gates, h hidden, d
        directions

    Attributes:
        init: the scheme of the weights, in quotes: ``"uniform(low=-0.07, high=0.07)"``.
        num_hidden: size of the hidden state.
        num_layers: how many stand one on another.
        mode: ``lstm``, ``gru``, ``rnn_relu`` or ``rnn_tanh``.
        bidirectional: whether each layer also reads backward.
        forget_bias: value of both biases of an LSTM's forget gate.

    Raises:
        UsageError: not one axis, or a length that no number of inputs gives.
    Source: mxnet.initializer.FusedRNN and mxnet.rnn.FusedRNNCell, 1.9.1.
    """

    init: str
    num_hidden: int
    num_layers: int
    mode: Literal["lstm", "gru", "rnn_relu", "rnn_tanh"]
    bidirectional: bool = False
    forget_bias: float = 1.0

    def __post_init__(self) -> None:
        require(self.num_hidden > 0, f"num_hidden is above 0, not {self.num_hidden}")
        require(self.num_layers > 0, f"num_layers is above 0, not {self.num_layers}")
        _ = self.inner  # says now what is wrong with it

    @cached_property
    def inner(self) -> Initializer:
        """What draws a gate's weights."""
        return parse_scheme(self.init)

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        require(len(shape) == 1, f"packed parameters have one axis, not {list(shape)}")
        result = np.zeros(stop - start, stream.dtype)
        for block in self.blocks(shape[0]):
            first = max(start, block.start)
            last = min(stop, block.start + math.prod(block.shape))
            if first < last:
                place = first - block.start, last - block.start
                result[first - start : last - start] = self._values(stream, block, *place)
            if block.start >= stop:
                break
        return result

    def blocks(self, length: int) -> Iterator[Block]:
        """The weights and biases of a vector in their order.

        Raises:
            UsageError: no number of inputs gives that length.
        """
        inputs, hidden, ways = self._inputs(length), self.num_hidden, 1 + self.bidirectional
        start = 0
        for part in ("weight", "bias"):
            for layer in range(self.num_layers):
                for side, gate in self._order():
                    below = ways * hidden if layer else inputs
                    row = below if side.endswith("i2h") else hidden
                    shape = (hidden, row) if part == "weight" else (hidden,)
                    name = side.replace("_", f"{layer}_", 1) + f"{gate}_{part}"
                    yield Block(name, start, shape)
                    start += math.prod(shape)

    def _order(self) -> Iterator[tuple[str, str]]:
        """Directions, sides and gates within a layer."""
        for way in "lr"[: 1 + self.bidirectional]:
            for side in ("i2h", "h2h"):
                for gate in _GATES[self.mode]:
                    yield f"{way}_{side}", gate

    def _inputs(self, length: int) -> int:
        """How many inputs a vector of that length is for."""
        hidden, ways = self.num_hidden, 1 + self.bidirectional
        each = ways * len(_GATES[self.mode]) * hidden
        rest = each * (hidden + 2 + (self.num_layers - 1) * (hidden + ways * hidden + 2))
        inputs, left = divmod(length - rest, each)
        if left or inputs < 1:
            way = ", both ways," if self.bidirectional else ""
            raise UsageError(
                f"a packed {self.mode} of {self.num_layers} × {self.num_hidden}{way}"
                f" has {rest} + {each}·inputs elements, not {length}"
            )
        return inputs

    def _values(self, stream: Stream, block: Block, start: int, stop: int) -> Array | float:
        """Elements of one block."""
        if block.name.endswith("_bias"):
            is_forget = self.mode == "lstm" and block.name.endswith("_f_bias")
            return self.forget_bias if is_forget else 0.0
        own = replace(stream, name=f"{stream.name}.{block.name}")
        inner, axes = self.inner, ("out", "in")
        if inner.whole:
            count = math.prod(block.shape)
            return inner.values(own, block.shape, axes, 0, count)[start:stop]
        return inner.values(own, block.shape, axes, start, stop)
