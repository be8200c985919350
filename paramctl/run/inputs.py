"""Arrays for a model's inputs: read, filled or drawn, and checked against the declarations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paramctl.engine.shapes import show as show_shape
from paramctl.errors import UsageError
from paramctl.init.stream import Stream
from paramctl.names import near, show
from paramctl.run.arrays import read_array
from paramctl.run.given import Given
from paramctl.spec.inputs import InputDeclaration

_ORDER = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


@dataclass
class Inputs:
    """The inputs that a model takes, and what the user said about them.

    Attributes:
        declared: what the spec says about each; an input may be without a declaration.
        given: what the user said, by name.
        shape: of a random value for every input that has neither a value nor a default.
        seed: of random values.
    """

    declared: Mapping[str, InputDeclaration]
    given: Mapping[str, Given] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    seed: int = 0

    def arrays(self, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Any]:
        """Arrays by name, in the order of ``names``; those left to their defaults are left out.

        Args:
            optional: names that may be left out.

        Raises:
            UsageError: one is missing, unknown, or does not fit its declaration.
        """
        self._check_names(names)
        sizes: dict[str, tuple[int, str]] = {}
        arrays = {}
        for name in names:
            given = self._given(name, optional, names)
            if given is not None:
                declared = self.declared.get(name)
                arrays[name] = array = _fitted(name, self._made(name, given), declared)
                _check_shape(name, array.shape, declared, sizes)
        return arrays

    def _check_names(self, names: Sequence[str]) -> None:
        for name in self.given:
            if name not in names:
                similar = near(name, names, 1)
                listed = ", ".join(names)
                hint = f"did you mean {similar[0]}?" if similar else f"its inputs are {listed}"
                raise UsageError(f"the model has no input '{show(name)}'", hint=hint)

    def _given(self, name: str, optional: Sequence[str], names: Sequence[str]) -> Given | None:
        declared = self.declared.get(name)
        if name in self.given:
            return self.given[name]
        if name in optional or (declared is not None and declared.has_default):
            return None
        if self.shape is not None:
            return Given("random", self.shape)
        missing = [n for n in names if n not in self.given and n not in optional]
        example = "x".join(map(str, _example(declared)))
        raise UsageError(
            f"the input '{show(missing[0])}' is missing",
            hint=f"give --input {missing[0]}=FILE.npy, or --input {missing[0]}={example} "
            "for random values of that shape",
        )

    def _made(self, name: str, given: Given) -> Any:
        match given.kind:
            case "file":
                return read_array(given.path, name)
            case "values":
                return _listed(name, given.values)
            case "random":
                return draw(name, given.shape, self.declared.get(name), self.seed)
        dtype = self.declared[name].dtype if name in self.declared else "float32"
        return np.full(given.shape, 1 if given.kind == "ones" else 0, dtype=dtype)


def draw(name: str, shape: tuple[int, ...], declared: InputDeclaration | None, seed: int) -> Any:
    """Random values from the stream (seed, ``input:NAME``): N(0, 1), or integers below a bound.

    Raises:
        UsageError: integers without a bound.
    """
    stream = Stream(seed, f"input:{name}")
    count = math.prod(shape)
    dtype = np.dtype(declared.dtype) if declared else np.dtype(np.float32)
    if dtype.kind == "f":
        return stream.normal(0, count).reshape(shape)
    if dtype.kind == "c":
        parts = stream.normal(0, count), stream.on(1).normal(0, count)
        return (parts[0] + 1j * parts[1]).astype(dtype).reshape(shape)
    below = 2 if dtype.kind == "b" else declared.below if declared else None
    if below is None:
        raise UsageError(
            f"the spec does not say below what the integers of '{show(name)}' are",
            hint=f"give the values: --input {name}=[…], or declare `below:` in the spec",
        )
    return (stream.bits(0, count) % np.uint64(below)).astype(dtype).reshape(shape)


def _listed(name: str, values: Any) -> Any:
    try:
        array = np.array(values)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype == object:
        raise UsageError("its rows differ in length, or numbers are too large", where=_where(name))
    return array.astype(np.float32) if array.dtype.kind == "f" or array.size == 0 else array


def _fitted(name: str, array: Any, declared: InputDeclaration | None) -> Any:
    """The array in the declared dtype; only towards wider kinds of numbers."""
    if declared is None:
        return array
    wanted = np.dtype(declared.dtype)
    kind = "f" if array.dtype.name.startswith(("bfloat", "float")) else array.dtype.kind
    if _ORDER[kind] > _ORDER[wanted.kind]:
        hint = "round them first: numpy.save with an integer dtype" if kind == "f" else ""
        raise UsageError(
            f"it is {array.dtype.name}, the spec wants {declared.dtype}",
            where=_where(name),
            hint=hint,
        )
    if kind == "f" and wanted.kind == "f":
        return array  # the run widens or rounds it to its own float dtype
    fitted = array.astype(wanted)
    if wanted.kind in "iu":
        _check_range(name, array, fitted, declared)
    return fitted


def _check_range(name: str, array: Any, fitted: Any, declared: InputDeclaration) -> None:
    if array.size == 0:
        return
    if bool((fitted != array).any()):
        raise UsageError(f"a number is out of the range of {declared.dtype}", where=_where(name))
    low, high = int(fitted.min()), int(fitted.max())
    if declared.below is not None and (low < 0 or high >= declared.below):
        wrong = low if low < 0 else high
        raise UsageError(
            f"{wrong} is outside 0 to {declared.below - 1}, what the model knows",
            where=_where(name),
            hint="is it meant for another checkpoint, or another tokenizer?",
        )


def _check_shape(
    name: str,
    shape: tuple[int, ...],
    declared: InputDeclaration | None,
    sizes: dict[str, tuple[int, str]],
) -> None:
    """Compare with the declared shape; a named size is one number in all inputs."""
    if declared is None or declared.shape is None:
        return
    if len(shape) != len(declared.shape):
        raise UsageError(
            f"its shape is {show_shape(shape)}, the spec wants {_wanted(declared)}",
            where=_where(name),
            hint=_rank_hint(name, shape, declared),
        )
    for found, wanted in zip(shape, declared.shape, strict=True):
        if isinstance(wanted, int) and found != wanted:
            raise UsageError(
                f"its shape is {show_shape(shape)}, the spec wants {_wanted(declared)}",
                where=_where(name),
            )
        if isinstance(wanted, str) and wanted != "?":
            size, other = sizes.setdefault(wanted, (found, name))
            if size != found:
                raise UsageError(
                    f"{wanted} is {found} here and {size} in the input '{show(other)}'",
                    where=_where(name),
                )


def _rank_hint(name: str, shape: tuple[int, ...], declared: InputDeclaration) -> str:
    wanted = declared.shape or ()
    missing = (1,) * (len(wanted) - len(shape))
    pairs = zip((*missing, *shape), wanted, strict=False)
    if any(isinstance(want, int) and want != size for size, want in pairs):
        example = "x".join(map(str, _example(declared)))
        return f"--input {show(name)}={example} is a shape that it wants"
    return f"for one example, {'x'.join(map(str, missing + shape))} or one more [ ]" * bool(missing)


def _wanted(declared: InputDeclaration) -> str:
    return f"[{', '.join(str(size) for size in declared.shape or ())}]"


def _example(declared: InputDeclaration | None) -> list[int]:
    if declared is None or declared.shape is None:
        return [2, 20]
    free = [1, 16]
    return [
        size if isinstance(size, int) else free[min(place, 1)]
        for place, size in enumerate(declared.shape)
    ]


def _where(name: str) -> str:
    return f"--input {show(name)}"
