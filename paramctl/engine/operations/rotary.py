"""Rotary positions: pairs of features turned by an angle that grows with the position."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from paramctl.engine.elementwise import sum_to
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.pieces import run_rows
from paramctl.engine.promotion import dtype_name
from paramctl.engine.rope import Rope, Scaling, require_scaling, turned_width
from paramctl.engine.shapes import broadcast, show
from paramctl.expression.errors import LanguageError


@define("rope")
class Turn(Operation):
    """Turns feature pairs of x by ``position * theta ** (-2 i / dims)``.

    The pair i is (i, i + dims/2), the halves that every published checkpoint of this kind uses,
    or (2i, 2i + 1) where ``interleaved``. Features from ``dims`` on stay as they are.

    Args:
        positions: whole numbers, 0, 1, 2 … unless given.
        scaling: the ``rope_parameters`` of a ``config.json``: ``linear``, ``dynamic``, ``llama3``,
            ``yarn`` or ``longrope``.
        longest, original: the positions that the model was made for, and those of its first
            training, which some scalings ask for.

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
        longest: int | None = None,
        original: int | None = None,
    ) -> Form:
        if x.ndim < 2:
            raise LanguageError(f"rope needs positions and features, got {show(x.shape)}")
        width = turned_width(x, dims)
        if positions is not None:
            broadcast(positions.shape, x.shape[:-1], what="positions and x")
        require_scaling(scaling, longest, width)
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
        longest: int | None,
        original: int | None,
    ) -> Any:
        width = x.shape[-1] if dims is None else dims
        rope = Rope(width, theta, scaling, longest, original)
        length = x.shape[-2]
        if rope.needs_length and positions is not None and length:
            length = int(xp.max(positions)) + 1
        speeds, size = rope.speeds(length)
        if positions is None:
            cos, sin = map(xp.asarray, _table(tuple(speeds), size, length, dtype_name(x)))
        else:
            places = xp.broadcast_to(positions, broadcast(positions.shape, (x.shape[-2],)))
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
        longrope = {
            "rope_type": "longrope", "original_max_position_embeddings": 8,
            "short_factor": [1.0, 2.0], "long_factor": [3.0, 4.0],
        }  # fmt: skip
        return (
            Example(((2, 3, 4),)),
            Example(((2, 2, 3, 6),), {"dims": 4, "theta": 100.0}),
            Example(((3, 4), [5, 0, 2]), {"interleaved": True}),
            Example(((3, 8),), {"scaling": llama3}),
            Example(((3, 8),), {"scaling": {"type": "linear", "factor": 2.0}}),
            Example(((5, 8),), {"scaling": {"type": "dynamic", "factor": 2.0}, "longest": 3}),
            Example(((5, 4), [0, 1, 2, 3, 9]), {"scaling": longrope, "longest": 32}),
        )


@lru_cache(maxsize=2)  # every layer of a model asks for the same; some have two kinds of layers
def _table(speeds: tuple[float, ...], size: float, length: int, dtype: str) -> tuple[Any, Any]:
    """The cosines and sines of positions from 0 on, on the host.

    Shapes:
        ``(length, pairs)`` each
    """
    angles = np.arange(length, dtype=np.float64)[:, None] * np.array(speeds)
    return (np.cos(angles) * size).astype(dtype), (np.sin(angles) * size).astype(dtype)


def _turn(xp: Any, x: Any, cos: Any, sin: Any, interleaved: bool) -> Any:
    half = cos.shape[-1]
    one, other = (slice(0, 2 * half, 2), slice(1, 2 * half, 2)) if interleaved else (
        slice(0, half), slice(half, 2 * half),
    )  # fmt: skip
    y = xp.empty(x.shape, dtype=x.dtype)

    def fill(at: slice) -> None:
        first, second = x[..., at, one], x[..., at, other]
        c, s = cos[..., at, :], sin[..., at, :]
        y[..., at, one] = first * c - second * s
        y[..., at, other] = second * c + first * s

    run_rows(fill, x)
    if x.shape[-1] > 2 * half:
        y[..., 2 * half :] = x[..., 2 * half :]
    return y
