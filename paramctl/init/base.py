"""What an initializer is: a frozen value whose fields are its options, and that draws."""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

from paramctl.errors import UsageError
from paramctl.init.stream import Stream
from paramctl.init.words import Array
from paramctl.names import near
from paramctl.registry import Registry

INITIALIZERS: Registry["type[Initializer]"] = Registry("initializer", "paramctl.init")

Shape = tuple[int, ...]
Axes = tuple[str, ...]


class Moments(NamedTuple):
    """What a scheme promises about its values: mean, standard deviation and support.

    ``None`` for a standard deviation that has no closed form here.
    """

    mean: float
    std: float | None
    low: float = -math.inf
    high: float = math.inf


class Initializer:
    """Values of a tensor, drawn from its stream; subclasses are frozen dataclasses.

    Attributes:
        whole: the tensor can't be drawn in parts (orthogonal, sparse); its memory is the price.
        needs_fans: the scheme asks how many inputs and outputs a layer has.
        spellings: other frameworks' names of options, to ours.
    """

    whole: ClassVar[bool] = False
    needs_fans: ClassVar[bool] = False
    spellings: ClassVar[Mapping[str, str]] = types.MappingProxyType({})

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        """Elements ``start`` … ``stop`` of the flattened tensor, in the stream's precision.

        A ``whole`` initializer is only asked for all of them.

        Raises:
            UsageError: the scheme does not apply to such a shape or such axes.
        """
        raise TypeError(f"{type(self).__name__} draws no values")

    def moments(self, shape: Shape, axes: Axes) -> Moments | None:
        """Mean, standard deviation and support on such a tensor; ``None`` if it has no such law."""
        return None

    def check(self, shape: Shape, axes: Axes) -> None:
        """Make sure, before anything is written, that the scheme applies to such a tensor.

        Raises:
            UsageError: it does not.
        """
        if 0 not in shape and not self.whole:
            self.values(Stream(0, ""), shape, axes, 0, 1)

    @classmethod
    def make(cls, name: str, positional: Sequence[Any], named: Mapping[str, Any]) -> Self:
        """An initializer with options as in a call; ``name`` is how the user calls it.

        Raises:
            UsageError: an unknown, missing, repeated or ill-typed option.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        if len(positional) > len(fields):
            raise UsageError(f"{name} takes {len(fields)} options, not {len(positional)}")
        given = dict(zip(fields, positional, strict=False))
        for option, value in named.items():
            field = cls.spellings.get(option, option)
            if field not in fields:
                raise _unknown_option(name, option, list(fields))
            if field in given:
                raise UsageError(f"{name}: the option '{option}' is given twice")
            given[field] = value
        for field, spec in fields.items():
            if field not in given and spec.default is dataclasses.MISSING:
                raise UsageError(f"{name} needs its option '{field}'", hint=f"{name}({field}=…)")
        hints = typing.get_type_hints(cls)
        return cls(**{f: _checked(name, f, value, hints[f]) for f, value in given.items()})

    def spelled(self, name: str) -> str:
        """The scheme's text: its name with the options that differ from the defaults."""
        changed = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
            if getattr(self, field.name) != field.default
        ]
        return f"{name}({', '.join(changed)})" if changed else name


def _unknown_option(name: str, option: str, options: list[str]) -> UsageError:
    similar = near(option, options, 1)
    known = f"its options are {', '.join(options)}" if options else "it has no options"
    hint = f"did you mean {similar[0]}?" if similar else known
    return UsageError(f"{name} has no option named '{option}'", hint=hint)


def _checked(name: str, option: str, value: Any, wanted: Any) -> Any:
    """The value as the option's type; whole numbers pass as real ones, never as booleans."""
    if typing.get_origin(wanted) is typing.Literal:
        choices = typing.get_args(wanted)
        if value not in choices:
            listed = ", ".join(str(choice) for choice in choices)
            raise UsageError(f"{name}: {option} is one of {listed}, not {value!r}")
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is float and number:
        return float(value)
    if wanted is int and number and value == int(value):
        return int(value)
    if wanted is bool and isinstance(value, bool):
        return value
    if wanted is str and isinstance(value, str):
        return value
    kind = {float: "a number", int: "a whole number", bool: "true or false"}.get(wanted, "text")
    raise UsageError(f"{name}: {option} is {kind}, not {value!r}")


def require(condition: bool, problem: str) -> None:
    """Raise ``UsageError(problem)`` unless the condition holds."""
    if not condition:
        raise UsageError(problem)
