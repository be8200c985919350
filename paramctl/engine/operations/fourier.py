"""Discrete Fourier transforms along one axis, and the parts of complex numbers.

Gradients of complex values follow ``⟨g, dy⟩ = Re Σ conj(g) dy``, so that a real operand takes
the real part of what comes back.
"""

from __future__ import annotations

from typing import Any

from paramctl.engine.operation import DEFAULT_FLOAT, Example, Form, Operation, define
from paramctl.engine.promotion import complex_of, dtype_name, is_complex, is_float, real_of
from paramctl.engine.shapes import axis_of, show
from paramctl.expression.errors import LanguageError


def _complex_form(x: Any) -> str:
    dtype = dtype_name(x)
    return complex_of(dtype) if is_float(dtype) or is_complex(dtype) else "complex64"


def _require_axis(name: str, x: Any, axis: int) -> int:
    place = axis_of(axis, x.ndim)
    if isinstance(x.shape[place], int) and x.shape[place] == 0:
        raise LanguageError(f"{name} along an empty axis of {show(x.shape)}")
    return place


@define("fft")
class Fft(Operation):
    """``y_k = Σ_n x_n exp(-2πi k n / N)`` along ``axis``, complex, of the same length."""

    floats = True

    def shape(self, x: Any, *, axis: int = -1) -> Form:
        _require_axis(self.name, x, axis)
        return Form(x.shape, _complex_form(x))

    def value(self, xp: Any, x: Any, *, axis: int) -> Any:
        return xp.fft.fft(_as_complex(xp, x), axis=axis), (axis, x.shape[axis])

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        axis, count = saved
        return xp.fft.ifft(dy, axis=axis) * count

    def examples(self) -> Any:
        return (Example(((2, 4),)), Example(((3, 2),), {"axis": 0}), Example(((5,),)))


@define("rfft")
class Rfft(Operation):
    """The first ``N // 2 + 1`` coefficients of ``fft``, which are all that a real x has."""

    floats = True

    def shape(self, x: Any, *, axis: int = -1) -> Form:
        place = _require_axis(self.name, x, axis)
        if is_complex(dtype_name(x)):
            raise LanguageError("rfft is for real values", hint="use fft")
        count = x.shape[place] // 2 + 1
        return Form((*x.shape[:place], count, *x.shape[place + 1 :]), _complex_form(x))

    def value(self, xp: Any, x: Any, *, axis: int) -> Any:
        return xp.fft.rfft(x, axis=axis), (axis % x.ndim, x.shape)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        axis, shape = saved
        whole = xp.zeros(shape, dtype=dy.dtype)
        whole[(*(slice(None),) * axis, slice(0, dy.shape[axis]), ...)] = dy
        return xp.real(xp.fft.ifft(whole, axis=axis)) * shape[axis]

    def examples(self) -> Any:
        return (Example(((2, 4),)), Example(((3, 2),), {"axis": 0}), Example(((5,),)))


@define("real")
class Real(Operation):
    """The real part."""

    reads = True

    def shape(self, x: Any) -> Form:
        return Form(x.shape, _part(x))

    def value(self, xp: Any, x: Any) -> Any:
        return (xp.real(x) if is_complex(dtype_name(x)) else x), None

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy

    def examples(self) -> Any:
        return (Example(((2, 3),)), Example(([1 + 2j, 3 - 1j],)))


@define("imag")
class Imag(Operation):
    """The imaginary part; zero for a real x."""

    reads = True

    def shape(self, x: Any) -> Form:
        return Form(x.shape, _part(x))

    def value(self, xp: Any, x: Any) -> Any:
        return (xp.imag(x) if is_complex(dtype_name(x)) else xp.zeros_like(x)), dtype_name(x)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return _as_complex(xp, dy) * 1j if is_complex(saved) else None

    def examples(self) -> Any:
        return (Example(((2, 3),)), Example(([1 + 2j, 3 - 1j],)))


def _as_complex(xp: Any, x: Any) -> Any:
    name = dtype_name(x)
    return x if is_complex(name) else xp.astype(x, getattr(xp, complex_of(name)))


def _part(x: Any) -> str:
    dtype = real_of(dtype_name(x))
    return dtype if is_float(dtype) else DEFAULT_FLOAT
