"""The module calls around an error, innermost first, with runs of repeated layers collapsed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.engine.module import Module
from paramctl.engine.shapes import show
from paramctl.engine.tensor import Tensor
from paramctl.errors import ParamctlError

_NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")


@dataclass(frozen=True)
class Frame:
    """One call of a module: where it stands, what it is, and the shapes it was given."""

    path: str
    type_name: str
    inputs: str

    @property
    def line(self) -> str:
        """``in model.layers.0.mlp (MLP) called with [1, 5, 32] float32``."""
        return f"in {self.path or 'the model'} ({self.type_name}) called with {self.inputs}"

    @property
    def _family(self) -> tuple[str, str, str]:
        return _NUMBER.sub("#", self.path), self.type_name, self.inputs


def lines(frames: Sequence[Frame]) -> list[str]:
    """What to print under an error; frames that differ only in a layer's number are one line."""
    shown: list[str] = []
    start = 0
    while start < len(frames):
        stop = start + 1
        while stop < len(frames) and frames[stop]._family == frames[start]._family:
            stop += 1
        more = stop - start - 1
        alike = f", and {more} more like it" if more else ""
        shown.append(frames[start].line + alike)
        start = stop
    return shown


def add_frame(error: Any, module: Module, values: Sequence[Any], *, is_outermost: bool) -> None:
    """Note on an error which call it passed; the outermost adds all to a text with a place."""
    frames = error.__dict__.setdefault("frames", [])
    frames.append(Frame(module.path, module.type_name, _shown(values)))
    if is_outermost and isinstance(error, ParamctlError):
        error.problem = "\n".join([error.problem, *("  " + line for line in lines(frames))])
        frames.clear()


def _shown(values: Sequence[Any]) -> str:
    parts = [f"{show(v.shape)} {v.dtype}" if isinstance(v, Tensor) else str(v) for v in values]
    return ", ".join(parts) if parts else "nothing"
