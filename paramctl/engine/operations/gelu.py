"""The Gaussian error linear unit, exact and by tanh, and the error function itself."""

from __future__ import annotations

import math
from typing import Any

from paramctl.engine.elementwise import Unary
from paramctl.engine.erf import erf
from paramctl.engine.operation import Example, define

_ANY = (
    Example(((2, 3),)),
    Example(((),)),
    Example(((0, 2),)),
    Example(((9,),), domain=(-7.0, 7.0)),
)
_ROOT = math.sqrt(2 / math.pi)
_CUBE = 0.044715


@define("erf")
class Erf(Unary):
    """``y = 2/√π ∫₀ˣ exp(-t²) dt``."""

    on_numbers = math.erf

    def value(self, xp: Any, x: Any) -> Any:
        return erf(xp, x), x

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * (2 / math.sqrt(math.pi)) * xp.exp(-saved * saved)

    def examples(self) -> Any:
        return _ANY


@define("gelu", "gelu_python")
class Gelu(Unary):
    """``y = x Φ(x) = x (1 + erf(x/√2)) / 2``.

    Source: Hendrycks & Gimpel 2016, arXiv:1606.08415, sec. 2.
    """

    def value(self, xp: Any, x: Any) -> Any:
        below = erf(xp, x * math.sqrt(0.5))
        below += 1
        below *= 0.5
        return x * below, (x, below)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, below = saved
        slope = xp.exp(-0.5 * x * x)
        slope *= x
        slope *= 1 / math.sqrt(2 * math.pi)
        slope += below
        slope *= dy
        return slope

    def examples(self) -> Any:
        return _ANY


@define(
    "gelu_tanh",
    "gelu_new",
    "gelu_pytorch_tanh",
    "gelu_fast",
    "gelu_python_tanh",
    "gelu_accurate",
)
class GeluTanh(Unary):
    """``y = x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2``, as GPT-2 has it.

    Source: Hendrycks & Gimpel 2016, arXiv:1606.08415, sec. 2.
    """

    def value(self, xp: Any, x: Any) -> Any:
        inner = x * x
        inner *= _ROOT * _CUBE
        inner += _ROOT
        inner *= x
        gate = xp.tanh(inner)
        gate += 1
        gate *= 0.5
        return x * gate, (x, gate)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, gate = saved
        slope = x * x
        slope *= 3 * _ROOT * _CUBE
        slope += _ROOT
        slope *= 2 * x
        slope *= gate
        slope *= 1 - gate
        slope += gate
        slope *= dy
        return slope

    def examples(self) -> Any:
        return _ANY
