"""Values for a spec that stands alone: drawn when they are needed, and drawn anew each time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.binding.model import Model
from paramctl.edit.init_choice import Chooser
from paramctl.edit.init_layers import Layer, layer_by_name
from paramctl.engine.parameter import Parameter
from paramctl.errors import UsageError
from paramctl.init.base import Initializer
from paramctl.init.constant import Zeros
from paramctl.init.draw import draw, stream_of
from paramctl.init.rules import Rule
from paramctl.init.scheme import parse_scheme
from paramctl.manifest import Entry, Manifest
from paramctl.select.choose import choose
from paramctl.spec.manifest import manifest_of, shape_of


@dataclass
class DrawnTensor:
    """A tensor that is nowhere but in its random stream.

    Attributes:
        shape: sizes.
        dtype: the format's name.
    """

    name: str
    initializer: Initializer
    seed: int
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[str, ...]

    def array(self) -> Any:
        """The whole array."""
        return draw(self.initializer, self.seed, self.name, self.shape, self.dtype, self.axes)

    def rows(self, start: int, stop: int) -> Any:
        """Rows ``[start, stop)``; where the scheme can't draw a part, the whole is drawn."""
        if self.initializer.whole or self.dtype != "F32":
            return self.array()[start:stop]
        width = math.prod(self.shape[1:])
        stream = stream_of(self.seed, self.name, self.dtype)
        flat = self.initializer.values(stream, self.shape, self.axes, start * width, stop * width)
        return flat.astype(np.float32, copy=False).reshape(stop - start, *self.shape[1:])

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
    """Give every parameter of a spec alone its values, as ``init`` would.

    Raises:
        UsageError: a scheme does not apply, or no default is known.
    """
    parameters = dict(model.module.unique_parameters())
    manifest = manifest_of(model.module)
    own = _own_schemes(model, manifest)
    chooser = Chooser(manifest, tuple(rules), bias, lambda entry: _layer(entry, parameters, own))
    drawn = [entry for entry in manifest.stored if entry.kind == "parameter"]
    for choice in chooser.choices(drawn):
        _give(parameters[choice.entry.name], choice.initializer or Zeros(), seed)
    draw_rest(model, seed)


def draw_rest(model: Model, seed: int = 0) -> None:
    """Give values to what has none: buffers of a spec alone, and tensors that no file keeps."""
    for name, parameter in model.module.unique_parameters():
        if parameter.value is None and (parameter.kind != "parameter" or not parameter.persistent):
            _give(parameter, _initializer(parameter.init, name), seed)


def _give(parameter: Parameter, initializer: Initializer, seed: int) -> None:
    shape = tuple(size or 0 for size in shape_of(parameter))
    name, dtype, axes = parameter.name, parameter.dtype, parameter.axes
    parameter.value = DrawnTensor(name, initializer, seed, shape, dtype, axes)


def _own_schemes(model: Model, manifest: Manifest) -> dict[str, tuple[Initializer, str]]:
    """What the spec itself says about each tensor: its rules over the defaults of its layers."""
    own: dict[str, tuple[Initializer, str]] = {}
    for name, parameter in model.module.unique_parameters():
        if parameter.init is not None:
            own[name] = _initializer(parameter.init, name), "the layer's default"
    for selection, scheme in model.spec.init.items():
        for entry in choose(manifest, [selection], allow_empty=True, has_spec=True):
            if entry.kind == "parameter":
                own[entry.tied_to or entry.name] = parse_scheme(scheme), f"the spec's {selection}"
    return own


def _initializer(init: Any, name: str) -> Initializer:
    if isinstance(init, Initializer):
        return init
    if init is None:
        raise UsageError("nothing says how it is drawn", where=name, hint="give it an init: …")
    return parse_scheme(str(init))


def _layer(
    entry: Entry, parameters: dict[str, Parameter], own: dict[str, tuple[Initializer, str]]
) -> Layer:
    named = layer_by_name(entry, Manifest([entry]), None)
    kind = "norm" if entry.role == "norm" else named.kind
    kind = "weight" if kind == "norm" and entry.role != "norm" else kind
    initializer, rule = own.get(entry.name, (None, ""))
    return Layer(kind, parameters[entry.name].axes, own=initializer, rule=rule)
