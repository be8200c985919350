"""An expression as a scheme: ``u = uniform(-10, 10); where(abs(u) >= 5, u, 0)``.

Every call of a draw takes the parameter's next stream, so two draws are independent. The
functions are those whose results are the same on every processor; others are refused.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from paramctl.errors import UsageError
from paramctl.expression.errors import LanguageError
from paramctl.expression.parse import Code, parse
from paramctl.expression.place import Place, argument
from paramctl.expression.values import describe
from paramctl.init.axes import Fans, fans_of_layers
from paramctl.init.base import Axes, Initializer, Shape
from paramctl.init.each_layer import by_fans
from paramctl.init.normal import Normal
from paramctl.init.stream import Stream
from paramctl.init.truncated import TruncNormal
from paramctl.init.uniform import Uniform
from paramctl.init.words import Array

_DRAWS: dict[str, type[Initializer]] = {
    "uniform": Uniform,
    "normal": Normal,
    "trunc_normal": TruncNormal,
}
_EXACT: dict[str, tuple[int, Callable[..., Any]]] = {
    "abs": (1, np.abs), "sqrt": (1, np.sqrt), "floor": (1, np.floor), "ceil": (1, np.ceil),
    "round": (1, np.rint), "trunc": (1, np.trunc), "sign": (1, np.sign),
    "minimum": (2, np.minimum), "maximum": (2, np.maximum),
    "where": (3, np.where), "clip": (3, np.clip),
}  # fmt: skip
_INEXACT = ("exp", "log", "log2", "log10", "tanh", "sin", "cos")
_MOST = 64


class Values(np.ndarray):
    """Drawn values; a power is products or a square root, which round alike everywhere."""

    def __pow__(self, exponent: Any) -> Any:  # type: ignore[override]
        if exponent == 0.5:
            return np.sqrt(self)
        if not isinstance(exponent, int) or not 0 <= exponent <= _MOST:
            hint = f"whole exponents from 0 to {_MOST}, or 0.5"
            raise LanguageError(f"values have no power {describe(exponent)}", hint=hint)
        result: Any = np.ones_like(self)
        for _ in range(exponent):
            result = result * self
        return result

    def __rpow__(self, base: Any) -> Any:  # type: ignore[override]
        raise LanguageError("drawn values can't be exponents")


@dataclass(frozen=True)
class Formula(Initializer):
    """Whatever the expression makes of draws, element by element.

    Names: ``shape``, ``numel``, ``fan_in``, ``fan_out`` where axes are known, ``pi``.
    Draws: ``uniform(low=0, high=1)``, ``normal(mean=0, std=1)``,
    ``trunc_normal(mean=0, std=1, low=-2, high=2)``.

    Attributes:
        text: statements ``name = …;`` and, last, the value.
        place: where the text stands, for messages.
    """

    text: str
    place: Place | None = None

    @cached_property
    def code(self) -> Code:
        """The checked text."""
        return parse(self.text, self.place or argument(), mode="script")

    @property
    def draws(self) -> bool:
        """Whether it draws anything at random."""
        return bool(self.code.names & set(_DRAWS))

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        names: dict[str, Any] = {"shape": shape, "numel": math.prod(shape), "pi": math.pi}

        def draw(both: Fans) -> Array:
            return self._draw(stream, {**names, **both._asdict()}, start, stop)

        if not self.code.names & set(Fans._fields) or not _has_fans(shape, axes):
            return self._draw(stream, names, start, stop)
        return by_fans(shape, axes, start, stop, draw)

    def _draw(self, stream: Stream, names: dict[str, Any], start: int, stop: int) -> Array:
        lanes = itertools.count()
        functions = {
            **{name: _exact(name, *rule) for name, rule in _EXACT.items()},
            **{name: partial(_refuse, name) for name in _INEXACT},
            **{
                name: partial(_draw, name, piece, stream, lanes, start, stop)
                for name, piece in _DRAWS.items()
            },
        }
        with np.errstate(all="ignore"):
            value = self.code.evaluate(names, functions)
        return self._filled(value, stream, stop - start)

    def _filled(self, value: Any, stream: Stream, count: int) -> Array:
        is_number = isinstance(value, int | float | np.generic)
        if not is_number and not isinstance(value, np.ndarray):
            assert self.code.result is not None, "a script has a result"
            problem = f"expected a number or drawn values, found {describe(value)}"
            raise self.code.mistake(self.code.result, problem)
        filled = np.broadcast_to(np.asarray(value, dtype=stream.dtype), (count,))
        return np.array(filled)


def _has_fans(shape: Shape, axes: Axes) -> bool:
    try:
        return bool(fans_of_layers(shape, axes))
    except UsageError:
        return False


def _draw(
    name: str,
    piece: type[Initializer],
    stream: Stream,
    lanes: Iterator[int],
    start: int,
    stop: int,
    *given: Any,
    **named: Any,
) -> Array:
    """Values of the next stream."""
    try:
        scheme = piece.make(name, given, named)
    except UsageError as error:
        raise LanguageError(error.problem, hint=error.hint) from None
    return scheme.values(stream.on(next(lanes)), (), (), start, stop).view(Values)


def _exact(name: str, count: int, function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*given: Any) -> Any:
        if len(given) != count:
            raise LanguageError(f"{name} takes {count} values, not {len(given)}")
        for value in given:
            if not isinstance(value, np.ndarray | np.generic | int | float):
                raise LanguageError(f"{name} is for numbers, not {describe(value)}")
        result = function(*given)
        return result.view(Values) if isinstance(result, np.ndarray) else result

    return apply


def _refuse(name: str, *_: Any) -> Any:
    hint = f"exact ones are {', '.join(_EXACT)}"
    raise LanguageError(f"{name} has other last bits on other processors", hint=hint)
