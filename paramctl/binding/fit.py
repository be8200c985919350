"""Whether a stored tensor can be the value of a parameter, learning sizes that were unknown."""

from __future__ import annotations

from dataclasses import dataclass

from paramctl.dtypes import DTYPES
from paramctl.engine.parameter import Parameter
from paramctl.engine.shapes import show
from paramctl.expression.errors import LanguageError
from paramctl.manifest import Entry
from paramctl.spec.sizes import Deferred, known_shape

_WHOLE = ("int", "uint")
ORIGIN = "the checkpoint"


@dataclass(frozen=True)
class Mismatch:
    """A tensor that has the name of a parameter and can't be its value.

    Attributes:
        name: the parameter's name in the spec.
        stored: the tensor's name in the checkpoint.
        problem: both sides, and where they come from.
    """

    name: str
    stored: str
    problem: str


def misfit(parameter: Parameter, entry: Entry) -> str:
    """Why a tensor can't be the value of a parameter; empty when it can.

    A parameter whose sizes were unknown has those of the tensor afterwards, with the origin
    ``the checkpoint``.
    """
    found, wanted = DTYPES[entry.dtype], DTYPES[parameter.dtype]
    if not found.array:
        return f"{entry.dtype} tensors can be listed and copied, not computed on"
    if _family(found.family) != _family(wanted.family):
        return f"expected numbers like {parameter.dtype}, the checkpoint has {entry.dtype}"
    parameter.shape = known_shape(parameter.shape)
    shape = tuple(size or 0 for size in entry.shape)
    if len(shape) != len(parameter.shape):
        return f"expected shape {show(parameter.shape)}, the checkpoint has {show(shape)}"
    open_sizes = parameter.shape
    try:
        parameter.settle(shape, ORIGIN)
    except LanguageError as error:
        told = error.message.removeprefix(f"{parameter.name}: ")
        return f"expected shape {show(parameter.shape)}, the checkpoint has {show(shape)}: {told}"
    for size, found_size in zip(open_sizes, shape, strict=True):
        if isinstance(size, Deferred) and size.value is None:
            size.decide(found_size, ORIGIN)
    return ""


def _family(family: str) -> str:
    return "int" if family in _WHOLE else family
