"""Values for a spec that stands alone: drawn when they are needed, and drawn anew each time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.binding.model import Model
from paramctl.edit.init_fresh import fresh_choices
from paramctl.edit.init_spec import spec_layers
from paramctl.engine.parameter import Parameter
from paramctl.errors import UsageError
from paramctl.init.base import Initializer
from paramctl.init.draw import draw, stream_of
from paramctl.init.rules import Rule
from paramctl.init.scheme import parse_scheme
from paramctl.spec.manifest import manifest_of, shape_of


@dataclass
class DrawnTensor:
    """A tensor that is nowhere but in its random stream.

    Attributes:
        shape: sizes.
        dtype: the format's name.
        padding: the row that is zero whatever the scheme draws.
    """

    name: str
    initializer: Initializer
    seed: int
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[str, ...]
    padding: int | None = None

    def array(self) -> Any:
        """The whole array."""
        whole = draw(self.initializer, self.seed, self.name, self.shape, self.dtype, self.axes)
        if self.padding is not None:
            whole[self.padding] = 0
        return whole

    def rows(self, start: int, stop: int) -> Any:
        """Rows ``[start, stop)``; where the scheme can't draw a part, the whole is drawn."""
        if self.initializer.whole or self.dtype != "F32":
            return self.array()[start:stop]
        width = math.prod(self.shape[1:])
        stream = stream_of(self.seed, self.name, self.dtype)
        flat = self.initializer.values(stream, self.shape, self.axes, start * width, stop * width)
        found = flat.astype(np.float32, copy=False).reshape(stop - start, *self.shape[1:])
        if self.padding is not None and start <= self.padding < stop:
            found[self.padding - start] = 0
        return found

    def take(self, indices: Any) -> Any:
        """The rows with these indices."""
        wanted, places = np.unique(np.asarray(indices), return_inverse=True)
        if not len(wanted):
            return np.empty((*np.shape(indices), *self.shape[1:]), np.float32)
        rows = [self.rows(int(row), int(row) + 1) for row in wanted]
        return np.concatenate(rows)[places.reshape(np.shape(indices))]


def draw_model(
    model: Model, rules: Sequence[Rule] = (), seed: int = 0, bias: str | None = None
) -> None:
    """Give every tensor of a spec alone its values, the same as ``init`` would write.

    Raises:
        UsageError: a scheme does not apply, or no default is known.
    """
    parameters = dict(model.module.named_parameters())
    manifest = manifest_of(model.module)
    layers = spec_layers(model.spec, model.module, manifest)
    for choice in fresh_choices(manifest, layers, tuple(rules), bias):
        assert choice.initializer is not None, "nothing is kept in a new model"
        layer = choice.layer
        _give(parameters[choice.entry.name], choice.initializer, seed, layer.axes, layer.padding)
    draw_rest(model, seed)


def draw_rest(model: Model, seed: int = 0) -> None:
    """Give values to what has none: buffers of a spec alone, and tensors that no file keeps."""
    for name, parameter in model.module.unique_parameters():
        if parameter.value is None and (parameter.kind != "parameter" or not parameter.persistent):
            _give(parameter, _initializer(parameter.init, name), seed, parameter.axes)


def _give(
    parameter: Parameter,
    initializer: Initializer,
    seed: int,
    axes: tuple[str, ...],
    padding: int | None = None,
) -> None:
    shape = tuple(size or 0 for size in shape_of(parameter))
    name, dtype = parameter.name, parameter.dtype
    parameter.value = DrawnTensor(name, initializer, seed, shape, dtype, axes, padding)


def _initializer(init: Any, name: str) -> Initializer:
    if isinstance(init, Initializer):
        return init
    if init is None:
        raise UsageError("nothing says how it is drawn", where=name, hint="give it an init: …")
    return parse_scheme(str(init))
