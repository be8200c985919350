"""Rotary positions: pairs of features turned by an angle that grows with the position."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from paramctl.engine.elementwise import sum_to
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name
from paramctl.engine.shapes import broadcast, show
from paramctl.expression.errors import LanguageError

Scaling = Mapping[str, Any] | None


@define("rope")
class Rope(Operation):
    """Turns feature pairs of x by ``position * theta ** (-2 i / dims)``.

    The pair i is (i, i + dims/2), the halves that every published checkpoint of this kind uses,
    or (2i, 2i + 1) where ``interleaved``. Features from ``dims`` on stay as they are.

    Args:
        positions: whole numbers, 0, 1, 2 … unless given.
        scaling: the ``rope_scaling`` of a ``config.json``: ``linear``, ``llama3`` or ``yarn``.

    Shapes:
        x ``(…, t, features)``, positions broadcast to ``(…, t)`` → y like x
    Source: Su et al. 2021, arXiv:2104.09864, eq. 34; Peng et al. 2023, arXiv:2309.00071, sec. 3.2.
    """

    def shape(
        self,
        x: Any,
        positions: Any = None,
        *,
        theta: float = 10000.0,
        dims: int | None = None,
        interleaved: bool = False,
        scaling: Scaling = None,
    ) -> Form:
        if x.ndim < 2:
            raise LanguageError(f"rope needs positions and features, got {show(x.shape)}")
        width = x.shape[-1] if dims is None else dims
        if isinstance(width, int) and (width % 2 or width < 0):
            raise LanguageError(f"rope turns pairs, and {width} features don't make pairs")
        if isinstance(width, int) and isinstance(x.shape[-1], int) and width > x.shape[-1]:
            raise LanguageError(f"rope of {width} features of {show(x.shape)}")
        if positions is not None:
            broadcast(positions.shape, x.shape[:-1], what="positions and x")
        _check_scaling(scaling)
        return Form(x.shape, dtype_name(x))

    def value(
        self,
        xp: Any,
        x: Any,
        positions: Any = None,
        *,
        theta: float,
        dims: int | None,
        interleaved: bool,
        scaling: Scaling,
    ) -> Any:
        width = x.shape[-1] if dims is None else dims
        speeds, size = frequencies(width, theta, scaling)
        places = xp.arange(x.shape[-2]) if positions is None else positions
        angles = xp.astype(places, xp.float64)[..., None] * xp.asarray(speeds, dtype=xp.float64)
        cos = xp.astype(xp.cos(angles) * size, x.dtype)
        sin = xp.astype(xp.sin(angles) * size, x.dtype)
        return _turn(xp, x, cos, sin, interleaved), (cos, sin, interleaved, x.shape)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        cos, sin, interleaved, shape = saved
        return sum_to(xp, _turn(xp, dy, cos, -sin, interleaved), shape), None

    def examples(self) -> Any:
        llama3 = {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
        }  # fmt: skip
        return (
            Example(((2, 3, 4),)),
            Example(((2, 2, 3, 6),), {"dims": 4, "theta": 100.0}),
            Example(((3, 4), [5, 0, 2]), {"interleaved": True}),
            Example(((3, 8),), {"scaling": llama3}),
            Example(((3, 8),), {"scaling": {"type": "linear", "factor": 2.0}}),
        )


def _turn(xp: Any, x: Any, cos: Any, sin: Any, interleaved: bool) -> Any:
    half = cos.shape[-1]
    turned, rest = x[..., : 2 * half], x[..., 2 * half :]
    if interleaved:
        first, second = turned[..., 0::2], turned[..., 1::2]
    else:
        first, second = turned[..., :half], turned[..., half:]
    y = xp.empty(x.shape, dtype=x.dtype)
    one, other = (slice(0, 2 * half, 2), slice(1, 2 * half, 2)) if interleaved else (
        slice(0, half), slice(half, 2 * half),
    )  # fmt: skip
    y[..., one] = first * cos - second * sin
    y[..., other] = second * cos + first * sin
    if rest.shape[-1]:
        y[..., 2 * half :] = rest
    return y


def frequencies(width: int, theta: float, scaling: Scaling) -> tuple[list[float], float]:
    """Radians per position of each pair, and what the scaling multiplies the result with."""
    speeds = [theta ** (-2 * i / width) for i in range(width // 2)]
    kind = _kind(scaling)
    if not scaling or kind == "default":
        return speeds, 1.0
    factor = float(scaling["factor"])
    if kind == "linear":
        return [speed / factor for speed in speeds], 1.0
    if kind == "llama3":
        return [_llama3(speed, factor, scaling) for speed in speeds], 1.0
    return _yarn(speeds, width, theta, factor, scaling)


def _kind(scaling: Scaling) -> str:
    return str((scaling or {}).get("rope_type") or (scaling or {}).get("type") or "default")


_NEEDS = {
    "default": (),
    "linear": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    "yarn": ("factor", "original_max_position_embeddings"),
}


def _check_scaling(scaling: Scaling) -> None:
    kind = _kind(scaling)
    if kind not in _NEEDS:
        raise LanguageError(
            f"rope scaling '{kind}' is not known", hint=f"known: {', '.join(_NEEDS)}"
        )
    for name in _NEEDS[kind]:
        if name not in (scaling or {}):
            raise LanguageError(f"rope scaling '{kind}' needs '{name}'")


def _llama3(speed: float, factor: float, scaling: Mapping[str, Any]) -> float:
    """Slow pairs are stretched by the factor, fast ones kept, those between blended."""
    low, high = float(scaling["low_freq_factor"]), float(scaling["high_freq_factor"])
    turns = float(scaling["original_max_position_embeddings"]) * speed / (2 * math.pi)
    if turns < low:
        return speed / factor
    if turns > high:
        return speed
    blend = (turns - low) / (high - low)
    return (1 - blend) * speed / factor + blend * speed


def _yarn(
    speeds: list[float], width: int, theta: float, factor: float, scaling: Mapping[str, Any]
) -> tuple[list[float], float]:
    """Pairs that turn often are kept, rare ones stretched, with a ramp between."""
    length = float(scaling["original_max_position_embeddings"])

    def pair(turns: float) -> float:
        return width * math.log(length / (turns * 2 * math.pi)) / (2 * math.log(theta))

    first = max(math.floor(pair(float(scaling.get("beta_fast") or 32))), 0)
    last = min(math.ceil(pair(float(scaling.get("beta_slow") or 1))), width - 1)
    span = max(last - first, 0.001)
    kept = [1 - min(max((i - first) / span, 0.0), 1.0) for i in range(len(speeds))]
    mixed = [s / factor * (1 - keep) + s * keep for s, keep in zip(speeds, kept, strict=True)]
    default = 0.1 * math.log(factor) + 1.0 if factor > 1 else 1.0
    return mixed, float(scaling.get("attention_factor") or default)
