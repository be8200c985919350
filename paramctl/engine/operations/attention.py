"""Attention over heads, with fewer key heads than query heads where a model has them."""

from __future__ import annotations

import math
from typing import Any

from paramctl.engine.attention import Rules, backward, forward
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, promote
from paramctl.engine.shapes import Shape, broadcast, broadcast_sizes, differ, show
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError


@define("attention")
class Attention(Operation):
    """``y = softmax(cap(scale · q kᵀ) + bias) v`` over the keys that a query may see.

    Each key head serves ``heads / kv`` neighbouring query heads. With ``causal`` the last query
    stands at the last key, so with t queries and s keys query i sees keys 0 to ``i + s - t``:
    with fewer queries than keys the first query sees the past, with more the first ``t - s``
    queries see nothing. ``mask`` is true where a key is seen. A query that sees no key gives 0,
    and no gradient.

    Shapes:
        q ``(…, heads, t, d)``, k ``(…, kv, s, d)``, v ``(…, kv, s, e)``; bias and mask broadcast
        to ``(…, heads, t, s)`` → y ``(…, heads, t, e)``
    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1; Ainslie et al. 2023, arXiv:2305.13245.
    """

    def shape(
        self,
        q: Any,
        k: Any,
        v: Any,
        bias: Any = None,
        mask: Any = None,
        *,
        causal: bool = False,
        scale: float | None = None,
        softcap: float | None = None,
        window: int | None = None,
    ) -> Form:
        _require_heads(q, k, v)
        if mask is not None and dtype_name(mask) != "bool":
            raise LanguageError(f"a mask is true where a key is seen, not {mask.dtype}")
        scores = (*q.shape[:-1], k.shape[-2])
        for extra in (bias, mask):
            if extra is not None and not _broadcasts(extra.shape, scores):
                raise LanguageError(
                    f"{show(extra.shape)} does not broadcast to the scores {show(scores)}"
                )
        lead = broadcast(q.shape[:-3], k.shape[:-3], v.shape[:-3], what="batches")
        dtype = promote([dtype_name(q), dtype_name(k), dtype_name(v)])
        return Form((*lead, *q.shape[-3:-1], v.shape[-1]), dtype)

    def value(
        self,
        xp: Any,
        q: Any,
        k: Any,
        v: Any,
        bias: Any = None,
        mask: Any = None,
        *,
        causal: bool,
        scale: float | None,
        softcap: float | None,
        window: int | None,
    ) -> Any:
        scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        rules = Rules(causal, scale, softcap, window)
        heads, kv = q.shape[-3], k.shape[-3]
        grouped = xp.reshape(q, (-1, kv, heads // kv, *q.shape[-2:]))
        keys, values = (xp.reshape(x, (-1, *x.shape[-3:])) for x in (k, v))
        scores = (*q.shape[:-1], k.shape[-2])
        added, seen = _spread(xp, bias, scores, kv), _spread(xp, mask, scores, kv)
        result, logs = forward(xp, grouped, keys, values, added, seen, rules)
        saved = (grouped, keys, values, added, seen, rules, result, logs)
        shapes = tuple(None if x is None else x.shape for x in (q, k, v, bias))
        return xp.reshape(result, (*q.shape[:-1], v.shape[-1])), (saved, shapes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        inner, shapes = saved
        grads = backward(xp, inner, xp.reshape(dy, inner[6].shape))
        shaped = [
            None if shape is None else xp.reshape(gradient, shape)
            for gradient, shape in zip(grads, shapes, strict=True)
        ]
        return (*shaped, None)

    def examples(self) -> Any:
        seen = [[True, True, False], [True, False, False]]
        return (
            Example(((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4))),
            Example(((2, 4, 3, 4), (2, 2, 3, 4), (2, 2, 3, 5)), {"causal": True}),
            Example(((4, 2, 4), (2, 3, 4), (2, 3, 4), (4, 2, 3))),
            Example(((4, 2, 4), (2, 3, 4), (2, 3, 4), (2, 1), seen), {"scale": 0.3}),
            Example(((1, 2, 4), (1, 2, 4), (1, 2, 4)), {"softcap": 2.0, "causal": True}),
            Example(((1, 5, 4), (1, 5, 4), (1, 5, 4)), {"window": 2, "causal": True}),
            Example(((2, 2, 5, 4), (2, 2, 5, 4), (2, 2, 5, 4), (1, 2, 5, 5)), {"window": 2}),
        )


def _require_heads(q: Any, k: Any, v: Any) -> None:
    """Check what the three must share.

    Raises:
        LanguageError: the text shows the three shapes.
    """
    wrong = _disagreement(q, k, v)
    if wrong:
        shapes = f"attention of q {show(q.shape)}, k {show(k.shape)}, v {show(v.shape)}"
        raise LanguageError(f"{shapes}: {wrong}")


def _disagreement(q: Any, k: Any, v: Any) -> str:
    if min(q.ndim, k.ndim, v.ndim) < 3:
        return "each needs heads, positions and features"
    if q.ndim != k.ndim or k.ndim != v.ndim or any(map(differ, k.shape[:-1], v.shape[:-1])):
        return "keys and values differ"
    if differ(q.shape[-1], k.shape[-1]):
        return "queries and keys have different features"
    if any(map(differ, q.shape[:-3], k.shape[:-3])):
        return "the batches differ"
    heads, kv = q.shape[-3], k.shape[-3]
    if isinstance(heads, int) and isinstance(kv, int) and (kv == 0 or heads % kv):
        return f"{kv} key heads can't serve {heads} query heads"
    return ""


def _broadcasts(shape: Shape, target: Shape) -> bool:
    """Whether a shape stretches to the target and no further."""
    if len(shape) > len(target):
        return False
    for back in range(1, len(shape) + 1):
        size, wanted = shape[-back], target[-back]
        if isinstance(size, Unknown) or isinstance(wanted, Unknown):
            continue
        if broadcast_sizes(size, wanted) is None or (size != 1 and wanted == 1):
            return False
    return True


def _spread(xp: Any, extra: Any, scores: Shape, kv: int) -> Any:
    """A bias or mask as ``(n, kv, group, t, s)``, with 1 on the axes where it is the same."""
    if extra is None:
        return None
    full = (1,) * (len(scores) - extra.ndim) + tuple(extra.shape)
    lead, heads = full[:-3], full[-3]
    if any(size != 1 for size in lead) and lead != tuple(scores[:-3]):
        extra = xp.broadcast_to(xp.reshape(extra, full), (*scores[:-3], *full[-3:]))
        lead = scores[:-3]
    split = (1, 1) if heads == 1 else (kv, heads // kv)
    return xp.reshape(extra, (math.prod(lead), *split, *full[-2:]))
