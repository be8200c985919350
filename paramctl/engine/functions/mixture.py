"""A mixture of experts: each sees the rows that chose it, and one that nobody chose is not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.module import Module
from paramctl.engine.shapes import differ, product, show
from paramctl.engine.tensor import Tensor
from paramctl.expression.errors import LanguageError


@FUNCTIONS.register("mixture")
def mixture(execution: Execution, x: Tensor, weights: Tensor, experts: Any) -> Tensor:
    """``y = Σ_e weights[…, e] * experts[e](x)``, computed only where a weight is not zero.

    Shapes:
        x ``(…, d)``, weights ``(…, experts)`` → y ``(…, features of an expert)``
    Source: Shazeer et al. 2017, arXiv:1701.06538, eq. 1.
    """
    calls = _calls(experts)
    _check(x, weights, calls)
    count = product(x.shape[:-1])
    rows = execution.apply("reshape", x, shape=(count, x.shape[-1]))
    shares = execution.apply("reshape", weights, shape=(count, len(calls)))
    if execution.mode == "shapes":
        every = [call(rows) for call in _unlike(calls)]  # each is checked, though one would do
        mixed = every[0]
    else:
        mixed = _mixed(execution, rows, shares, calls)
    return execution.apply("reshape", mixed, shape=(*x.shape[:-1], mixed.shape[-1]))  # type: ignore[no-any-return]


def _mixed(execution: Execution, rows: Tensor, shares: Tensor, calls: Sequence[Any]) -> Tensor:
    host = execution.backend.to_numpy(shares.numbers())
    parts, places = [], []
    for expert, call in enumerate(calls):
        chosen = host[:, expert].nonzero()[0]
        if not len(chosen):
            continue
        indices = execution.constant(chosen)
        seen = execution.apply("take", rows, indices, axis=0)
        column = execution.apply("getitem", shares, index=(slice(None), slice(expert, expert + 1)))
        share = execution.apply("take", column, indices, axis=0)
        parts.append(execution.apply("mul", call(seen), share))
        places.append(indices.array)
    if not parts:
        return execution.apply("mul", rows, 0.0)  # type: ignore[no-any-return]
    count = rows.shape[0]
    return execution.apply("sum_rows", *parts, rows=places, count=count)  # type: ignore[no-any-return]


def _unlike(calls: Sequence[Any]) -> list[Any]:
    """The experts without those that are just like the first one, which tells their shapes."""
    first = _structure(calls[0])
    return [
        call for n, call in enumerate(calls) if n == 0 or not first or _structure(call) != first
    ]


def _structure(call: Any) -> Any:
    """What decides the shapes that an expert gives; ``None`` where that is not known."""
    module = getattr(getattr(call, "__self__", None), "module", None)
    if not isinstance(module, Module):
        return None
    parts = list(module.named_modules())
    tensors = dict(module.named_parameters())
    if any(found.is_deferred for found in tensors.values()):
        return None
    kinds = [(name, part.place, repr(part.arguments)) for name, part in parts]
    return kinds, [(name, found.shape, found.dtype) for name, found in tensors.items()]


def _calls(experts: Any) -> list[Any]:
    """What to call for each expert."""
    items = experts.language_items() if hasattr(experts, "language_items") else experts
    if not isinstance(items, list | tuple) or not items:
        raise LanguageError("mixture needs a list of experts, such as Repeat(8, Expert())")
    return [getattr(item, "language_call", item) for item in items]


def _check(x: Tensor, weights: Tensor, calls: Sequence[Any]) -> None:
    fits = x.ndim == weights.ndim and not any(map(differ, x.shape[:-1], weights.shape[:-1]))
    if not fits or differ(weights.shape[-1], len(calls)):
        raise LanguageError(
            f"mixture of {show(x.shape)} by {len(calls)} experts with weights {show(weights.shape)}"
        )
