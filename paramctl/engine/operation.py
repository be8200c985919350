"""What an operation is: a shape rule, a value and a derivative in one place, entered in a table.

    @OPERATIONS.register("rms_norm")
    class RmsNorm(Operation):
        def shape(self, x, weight, *, eps=1e-6): ...        -> Form, or a tuple of Forms
        def value(self, xp, x, weight, *, eps): ...         -> result(s), saved
        def derivative(self, xp, saved, dy): ...            -> one gradient per operand

The signature of ``shape`` is the signature of the operation: what stands before ``*`` are
operands (tensors, Python numbers, or ``None``), what stands after it are options. A ``*name``
takes any number of tensors. Language code may give options by position, in their order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from paramctl.engine.shapes import Shape
from paramctl.expression.errors import LanguageError
from paramctl.registry import Registry

OPERATIONS: Registry[Operation] = Registry("operation", "paramctl.engine.operations")

DEFAULT_FLOAT = "float"


@dataclass(frozen=True)
class Form:
    """Shape and dtype of a value without its numbers.

    The dtype ``float`` stands for the float dtype in which the execution computes.
    """

    shape: Shape
    dtype: str
    name: str = ""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)


@dataclass(frozen=True)
class Example:
    """Operands and options on which the table tests try an operation.

    Attributes:
        operands: a shape for a float tensor drawn at random, or the value itself (a number,
            ``None``, or a nested list for integers and booleans).
        options: the options of the call.
        domain: from which interval floats are drawn.
        smooth: whether the derivative exists at (almost) every drawn point and is tested.
    """

    operands: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    domain: tuple[float, float] = (-2.0, 2.0)
    smooth: bool = True


@dataclass(frozen=True)
class Signature:
    """Operand and option names of an operation, as its ``shape`` declares them."""

    operands: tuple[str, ...]
    variadic: bool
    options: dict[str, Any]
    defaults: dict[str, Any]

    @cached_property
    def is_complete(self) -> bool:
        """Whether every option has a default."""
        return inspect.Parameter.empty not in self.options.values()


class Operation:
    """Base of all operations; instances hold nothing and are made once.

    Attributes:
        streams: operands that arrive as ``Weight`` (numbers still in their file) where they are
            parameters, so that ``value`` reads only what it needs.
        reads: whether it only picks or moves elements, so that rounding can be left out.
        floats: whether integers and booleans become floats of the run first.
        on_numbers: what it makes of plain Python numbers, where that has a meaning.
    """

    name: ClassVar[str] = ""
    streams: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[bool] = False
    floats: ClassVar[bool] = False
    on_numbers: ClassVar[Callable[..., Any] | None] = None

    def shape(self, *operands: Any, **options: Any) -> Form | tuple[Form, ...]:
        """Shape and dtype of the result; the only place that checks operands.

        Raises:
            LanguageError: the operands don't fit; the text shows their shapes.
        """
        raise TypeError(f"{type(self).__name__} has no shape rule")

    def value(self, xp: Any, *operands: Any, **options: Any) -> tuple[Any, Any]:
        """The result (or a tuple of results), and what the derivative needs of this call."""
        raise TypeError(f"{type(self).__name__} has no value")

    def result_alone(self, xp: Any, *operands: Any, **options: Any) -> tuple[Any, Any]:
        """The same where nothing goes backward: what the derivative needs may be left out."""
        return self.value(xp, *operands, **options)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        """Gradients by the operands, in their order, given the gradient by the result.

        ``None`` where an operand has none. A single operand's gradient may stand alone. With
        several results ``dy`` is a tuple.
        """
        raise LanguageError(f"{self.name} has no derivative")

    def examples(self) -> Sequence[Example]:
        """Calls on which the table tests try the operation."""
        return ()

    @cached_property
    def signature(self) -> Signature:
        """What ``shape`` declares."""
        operands: list[str] = []
        options: dict[str, Any] = {}
        defaults: dict[str, Any] = {}
        variadic = False
        for name, parameter in inspect.signature(self.shape).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY:
                options[name] = parameter.default
            else:
                operands.append(name)
                variadic = variadic or parameter.kind is parameter.VAR_POSITIONAL
                if parameter.default is not parameter.empty:
                    defaults[name] = parameter.default
        return Signature(tuple(operands), variadic, options, defaults)

    def bind(self, given: Sequence[Any], named: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Operands in order and options with their defaults, from a call's arguments.

        Raises:
            LanguageError: an argument is missing, unknown or given twice.
        """
        declared = self.signature
        count = len(declared.operands)
        if len(given) == count and not named and not declared.variadic and declared.is_complete:
            return list(given), dict(declared.options)
        named = dict(named)
        if declared.variadic:
            operands, rest = _spread(given)
        else:
            operands, rest = list(given[:count]), list(given[count:])
            for name in declared.operands[len(operands) :]:
                if name in named:
                    operands.append(named.pop(name))
                elif name in declared.defaults:
                    operands.append(declared.defaults[name])
                else:
                    raise LanguageError(f"{self.name} needs '{name}'", hint=self.usage)
        return operands, self._options(rest, named)

    def _options(self, rest: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
        declared = self.signature.options
        if len(rest) > len(declared):
            raise LanguageError(f"{self.name} got more values than it takes", hint=self.usage)
        options = dict(zip(declared, rest, strict=False))
        for name, value in named.items():
            if name in options or name not in declared:
                problem = "twice" if name in options else "and does not know it"
                raise LanguageError(f"{self.name} was given '{name}' {problem}", hint=self.usage)
            options[name] = value
        full = {**declared, **options}
        for name, value in full.items():
            if value is inspect.Parameter.empty:
                raise LanguageError(f"{self.name} needs '{name}'", hint=self.usage)
        return full

    @property
    def usage(self) -> str:
        """How it is called: ``rms_norm(x, weight, eps=1e-06)``."""
        declared = self.signature
        parts = [*declared.operands]
        parts += [
            name if default is inspect.Parameter.empty else f"{name}={default!r}"
            for name, default in declared.options.items()
        ]
        return f"{self.name}({', '.join(parts)})"


def _spread(given: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Tensors of a variadic call, given as one list or one by one, and what follows them."""
    if given and isinstance(given[0], list | tuple):
        return list(given[0]), list(given[1:])
    count = 0
    while count < len(given) and hasattr(given[count], "shape"):
        count += 1
    return list(given[:count]), list(given[count:])


def define(name: str, *aliases: str) -> Any:
    """A decorator that enters one instance of an operation's class under ``name``."""

    def enter(made: type[Operation]) -> type[Operation]:
        made.name = name
        OPERATIONS.register(name, *aliases)(made())
        return made

    return enter
