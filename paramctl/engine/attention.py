"""Scaled dot-product attention in blocks: the scores of all heads never exist at once.

Heads and queries are cut into pieces of about ``PIECE`` scores. A piece holds whole rows of
scores, so its softmax is the plain one; the way back computes the scores again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.compute.blas import single_threaded
from paramctl.compute.team import run_parts

PIECE = 1 << 19  # scores: 2 MiB in float32; with fewer, threads wait more for the interpreter
_ROWS = 256  # queries by heads of a group: BLAS needs some, and the causal need not see all keys
_ON_DEVICE = 1 << 26  # scores: 256 MiB in float32, so that a card has enough to do at a time
_HELD = 32  # pieces


@dataclass(frozen=True)
class Rules:
    """Which keys a query sees and what becomes of a score.

    Attributes:
        causal: query i of T sees keys up to ``i + S - T``.
        scale: multiplies the scores.
        softcap: scores become ``softcap * tanh(score / softcap)``.
        window: query i sees only keys closer than this.
    """

    causal: bool
    scale: float
    softcap: float | None
    window: int | None


@dataclass(frozen=True)
class Piece:
    """Some key heads of one batch entry, some queries, and the keys those may see."""

    batch: int
    heads: slice
    queries: slice
    keys: slice


def pieces(q: Any, k: Any, rules: Rules) -> Iterator[Piece]:
    """The plan: fixed by shapes alone, so that results don't depend on threads.

    Shapes:
        q ``(n, kv, group, t, d)``, k ``(n, kv, s, d)``
    """
    batch, heads, group, length, _ = q.shape
    keys = max(1, k.shape[2])
    is_host = isinstance(q, np.ndarray)
    most, rows = (PIECE, _ROWS) if is_host else (_ON_DEVICE, length * group)
    queries = max(1, min(length, most // max(1, group * keys), rows // max(1, group)))
    together = max(1, min(heads, most // max(1, group * queries * keys)))
    for entry in range(batch):
        for head in range(0, heads, together):
            for start in range(0, length, queries):
                span = slice(start, min(start + queries, length))
                run = slice(head, min(head + together, heads))
                yield Piece(entry, run, span, _seen(span, length, k.shape[2], rules))


def _seen(span: slice, length: int, keys: int, rules: Rules) -> slice:
    """The run of keys outside which no query of the span sees anything."""
    offset = keys - length
    first, last = 0, keys
    if rules.window is not None:
        first = max(0, min(keys, span.start + offset - rules.window + 1))
        last = min(keys, max(0, span.stop + offset + rules.window - 1))
    if rules.causal:
        last = min(last, max(0, span.stop + offset))
    return slice(first, max(first, last))


def forward(xp: Any, q: Any, k: Any, v: Any, bias: Any, mask: Any, rules: Rules) -> tuple[Any, Any]:
    """Attention and, for the way back, the logarithm of each row's sum.

    Shapes:
        q ``(n, kv, group, t, d)``, k ``(n, kv, s, d)``, v ``(n, kv, s, e)``; bias and mask
        broadcast to ``(n, kv, group, t, s)`` → ``(n, kv, group, t, e)``, ``(n, kv, group, t, 1)``
    """
    result = xp.zeros((*q.shape[:-1], v.shape[-1]), dtype=q.dtype)
    logs = xp.zeros((*q.shape[:-1], 1), dtype=q.dtype)

    def fill(piece: Piece) -> None:
        n, h, t, s = piece.batch, piece.heads, piece.queries, piece.keys
        if s.start == s.stop:
            return
        scores, _ = _scores(xp, q, k, bias, mask, rules, piece)
        top = xp.max(scores, axis=-1, keepdims=True)
        top = xp.where(top == -math.inf, xp.zeros_like(top), top)
        scores -= top
        scores = xp.exp(scores, out=scores)
        total = xp.sum(scores, axis=-1, keepdims=True)
        total = xp.where(total == 0, xp.ones_like(total), total)  # a row that sees no key gives 0
        made = _grouped(xp, scores, v[n, h, s, ...])
        made /= total
        result[n, h, :, t, ...] = made
        logs[n, h, :, t, ...] = top + xp.log(total)

    for _ in _each(fill, q, k, rules):
        pass
    return result, logs


def _each(function: Callable[[Piece], Any], q: Any, k: Any, rules: Rules) -> Iterator[Any]:
    """Results piece by piece, in the order of the plan; so many are held at once and no more."""
    plan = list(pieces(q, k, rules))
    if not isinstance(q, np.ndarray):  # a device has threads of its own
        yield from map(function, plan)
        return
    for start in range(0, len(plan), _HELD):
        some = plan[start : start + _HELD]
        with single_threaded():
            results = run_parts(lambda part: function(some[part]), len(some))  # noqa: B023 - done before the next
        yield from results


def _scores(
    xp: Any, q: Any, k: Any, bias: Any, mask: Any, rules: Rules, piece: Piece
) -> tuple[Any, Any]:
    """Scores of a piece, minus infinity where a key is not seen, and tanh(score / cap) or None."""
    n, h, t, s = piece.batch, piece.heads, piece.queries, piece.keys
    keys = xp.swapaxes(k[n, h, s, ...], -1, -2)
    scores = _grouped(xp, q[n, h, :, t, ...] * rules.scale, keys)
    bent = None
    if rules.softcap is not None:
        bent = xp.tanh(scores / rules.softcap)
        scores = bent * rules.softcap
    if bias is not None:
        scores += _part(bias, piece)
    never = xp.asarray(-math.inf, dtype=scores.dtype)
    if mask is not None:
        scores = xp.where(_part(mask, piece), scores, never)
    offset = k.shape[2] - q.shape[3]
    for edge in _edges(piece, offset, rules):
        span = slice(edge.start - s.start, edge.stop - s.start)
        hidden = _hidden(xp, t, edge, offset, rules)
        scores[..., span] = xp.where(hidden, never, scores[..., span])
    return scores, bent


def _grouped(xp: Any, x: Any, y: Any) -> Any:
    """``x y``, in one product for all query heads that a key head serves.

    Shapes:
        x ``(kv, group, t, m)``, y ``(kv, m, k)`` → ``(kv, group, t, k)``
    """
    kv, group, length, width = x.shape
    rows = xp.matmul(xp.reshape(x, (kv, group * length, width)), y)
    return xp.reshape(rows, (kv, group, length, y.shape[-1]))


def _edges(piece: Piece, offset: int, rules: Rules) -> list[slice]:
    """The runs of keys that the rules hide from some query of the piece, but not from all."""
    keys = piece.keys
    if not rules.causal and rules.window is None:
        return []
    first, last = piece.queries.start + offset, piece.queries.stop - 1 + offset
    left, right = keys.start, first + 1 if rules.causal else keys.stop
    if rules.window is not None:
        left, right = last - rules.window + 1, min(right, first + rules.window)
    left, right = (min(max(place, keys.start), keys.stop) for place in (left, right))
    if left >= right:
        return [keys]
    runs = (slice(keys.start, left), slice(right, keys.stop))
    return [run for run in runs if run.start < run.stop]


def _part(whole: Any, piece: Piece) -> Any:
    """The piece of a bias or mask, whose axes may be 1 where it is the same for all."""
    entry = piece.batch if whole.shape[0] > 1 else 0
    spans = (piece.heads, slice(None), piece.queries, piece.keys)
    chosen = tuple(
        span if size > 1 else slice(None) for span, size in zip(spans, whole.shape[1:], strict=True)
    )
    return whole[(entry, *chosen)]


def _hidden(xp: Any, queries: slice, keys: slice, offset: int, rules: Rules) -> Any:
    """Where the rules, of which there is at least one, hide a key from a query."""
    here = xp.arange(queries.start, queries.stop)[:, None] + offset
    there = xp.arange(keys.start, keys.stop)[None, :]
    hidden = there > here if rules.causal else None
    if rules.window is not None:
        far = xp.abs(here - there) >= rules.window
        hidden = far if hidden is None else hidden | far
    return hidden


def backward(xp: Any, saved: Any, dy: Any) -> tuple[Any, Any, Any, Any]:
    """Gradients by q, k, v and bias; the scores are computed anew, piece by piece.

    Shapes:
        dy like the result of ``forward``; the gradients like what they belong to
    """
    q, k, v, bias, mask, rules, result, logs = saved
    grads = [xp.zeros_like(each) for each in (q, k, v)]
    dbias = None if bias is None else xp.zeros_like(bias)
    along = xp.sum(dy * result, axis=-1, keepdims=True)

    def shares(piece: Piece) -> tuple[Piece, Any, Any, Any, Any]:
        n, h, t, s = piece.batch, piece.heads, piece.queries, piece.keys
        scores, bent = _scores(xp, q, k, bias, mask, rules, piece)
        scores -= logs[n, h, :, t, ...]
        chance = xp.exp(scores, out=scores)
        up = dy[n, h, :, t, ...]
        dv = xp.sum(xp.matmul(xp.swapaxes(chance, -1, -2), up), axis=1)
        chance *= xp.matmul(up, xp.swapaxes(v[n, h, None, s, ...], -1, -2)) - along[n, h, :, t, ...]
        dscores = chance if bent is None else chance * (1 - bent * bent)
        dq = xp.matmul(dscores, k[n, h, None, s, ...]) * rules.scale
        dk = xp.sum(xp.matmul(xp.swapaxes(dscores, -1, -2), q[n, h, :, t, ...]), axis=1)
        return piece, dq, dk * rules.scale, dv, chance if bias is not None else None

    for piece, dq, dk, dv, dscores in _each(shares, q, k, rules):
        n, h, t, s = piece.batch, piece.heads, piece.queries, piece.keys
        grads[0][n, h, :, t, ...] += dq
        grads[1][n, h, s, ...] += dk
        grads[2][n, h, s, ...] += dv
        if dbias is not None:
            _add_part(xp, dbias, piece, dscores)
    return grads[0], grads[1], grads[2], dbias


def _add_part(xp: Any, whole: Any, piece: Piece, share: Any) -> None:
    """Add a piece's gradient to the bias, summed over the axes on which the bias is 1."""
    target = _part(whole, piece)
    axes = tuple(axis for axis in range(4) if target.shape[axis] == 1 and share.shape[axis] != 1)
    target += xp.sum(share, axis=axes, keepdims=True) if axes else share
