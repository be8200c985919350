"""Values for a spec that stands alone: drawn when they are needed, and drawn anew each time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from paramctl.binding.model import Model
from paramctl.dtypes import DTYPES
from paramctl.edit.init import encoded
from paramctl.edit.init_choice import Choice
from paramctl.edit.init_fresh import fresh_choices
from paramctl.edit.init_spec import spec_layers
from paramctl.errors import UsageError
from paramctl.init.draw import draw, stream_of
from paramctl.init.rules import Rule
from paramctl.init.scheme import as_initializer
from paramctl.init.stream import BLOCK
from paramctl.names import show
from paramctl.spec.manifest import manifest_of, shape_of


class DrawnTensor:
    """A tensor that is nowhere but in its random stream.

    Attributes:
        shape: sizes.
        dtype: the format's name.
    """

    def __init__(self, choice: Choice, seed: int) -> None:
        self.choice = choice
        self.seed = seed
        self.shape: tuple[int, ...] = tuple(size or 0 for size in choice.entry.shape)
        self.dtype = choice.entry.dtype

    def array(self) -> Any:
        """The whole array, as ``init`` would write it."""
        content = bytearray().join(encoded(self.choice, self.seed))
        return np.frombuffer(content, DTYPES[self.dtype].numpy()).reshape(self.shape)

    def rows(self, start: int, stop: int, out: Any = None) -> Any:
        """Rows ``[start, stop)``; where the scheme can't draw a part, the whole is drawn."""
        initializer, layer = self.choice.initializer, self.choice.layer
        if initializer is None or initializer.whole or self.dtype != "F32":
            return self.array()[start:stop]
        width = math.prod(self.shape[1:])
        stream = stream_of(self.seed, self.choice.entry.name, self.dtype)
        span = start * width, stop * width
        flat = initializer.values(stream, self.shape, layer.axes, *span)
        rows = flat.astype(np.float32, copy=False).reshape(stop - start, *self.shape[1:])
        if layer.padding is not None and start <= layer.padding < stop:
            rows[layer.padding - start] = 0
        return rows

    def take(self, indices: Any) -> Any:
        """The rows with these indices; those of one block of the stream are drawn together."""
        wanted, places = np.unique(np.asarray(indices), return_inverse=True)
        if not len(wanted):
            return np.empty((*np.shape(indices), *self.shape[1:]), DTYPES[self.dtype].numpy())
        blocks = wanted * math.prod(self.shape[1:]) // BLOCK
        together = np.split(wanted, np.flatnonzero(np.diff(blocks)) + 1)
        rows = [self.rows(int(few[0]), int(few[-1]) + 1)[few - few[0]] for few in together]
        return np.concatenate(rows)[places.reshape(np.shape(indices))]


def draw_model(
    model: Model, rules: Sequence[Rule] = (), seed: int = 0, bias: str | None = None
) -> None:
    """Give every parameter of a spec alone the values that ``init`` would write.

    Raises:
        UsageError: a scheme does not apply, or no default is known.
    """
    parameters = dict(model.module.unique_parameters())
    manifest = manifest_of(model.module)
    layers = spec_layers(model.spec, model.module, manifest)
    for choice in fresh_choices(manifest, layers, tuple(rules), bias):
        parameters[choice.entry.name].value = DrawnTensor(choice, seed)
    draw_rest(model, seed)


def draw_rest(model: Model, seed: int = 0) -> None:
    """Give values to the constants that no file keeps.

    Raises:
        UsageError: nothing says how one is drawn.
    """
    for name, parameter in model.module.unique_parameters():
        if parameter.persistent or parameter.value is not None:
            continue
        if parameter.init is None:
            raise UsageError(
                "nothing says how it is drawn", where=show(name), hint="give it an init: …"
            )
        shape = tuple(size or 0 for size in shape_of(parameter))
        initializer = as_initializer(parameter.init)
        parameter.value = draw(initializer, seed, name, shape, parameter.dtype, parameter.axes)
