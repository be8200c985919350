"""Matrix products, and sums of products along named indices."""

from __future__ import annotations

from typing import Any

from paramctl.engine.elementwise import meet, meeting_dtype, sum_to
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, is_complex
from paramctl.engine.shapes import Shape, broadcast, differ, show
from paramctl.expression.errors import LanguageError


@define("matmul")
class MatMul(Operation):
    """``y[…, i, k] = Σ_j a[…, i, j] b[…, j, k]``; a vector stands for one row or one column.

    Shapes:
        a ``(…, n, m)``, b ``(…, m, k)`` → y ``(…, n, k)``; leading axes broadcast
    """

    def shape(self, a: Any, b: Any) -> Form:
        if not hasattr(a, "shape") or not hasattr(b, "shape") or not a.ndim or not b.ndim:
            raise LanguageError("matmul needs two tensors with at least one axis each")
        rows, columns = a.shape[-1], b.shape[-2] if b.ndim > 1 else b.shape[0]
        if differ(rows, columns):
            raise LanguageError(
                f"matmul of {show(a.shape)} and {show(b.shape)}: {rows} columns meet {columns} rows"
            )
        lead = broadcast(a.shape[:-2], b.shape[:-2], what="leading axes of")
        left: Shape = a.shape[-2:-1]
        right: Shape = b.shape[-1:] if b.ndim > 1 else ()
        return Form((*lead, *left, *right), meeting_dtype(a, b))

    def value(self, xp: Any, a: Any, b: Any) -> Any:
        a, b = meet(xp, a, b)
        return xp.matmul(a, b), (a, b)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        a, b = saved
        left = a if a.ndim > 1 else xp.reshape(a, (1, -1))
        right = b if b.ndim > 1 else xp.reshape(b, (-1, 1))
        lead = broadcast(left.shape[:-2], right.shape[:-2])
        dy = xp.reshape(dy, (*lead, left.shape[-2], right.shape[-1]))
        da = sum_to(xp, xp.matmul(dy, _turned(xp, right)), left.shape)
        db = sum_to(xp, xp.matmul(_turned(xp, left), dy), right.shape)
        return xp.reshape(da, a.shape), xp.reshape(db, b.shape)

    def examples(self) -> Any:
        return (
            Example(((2, 3), (3, 4))),
            Example(((5, 2, 3), (3, 4))),
            Example(((5, 1, 2, 3), (4, 3, 2))),
            Example(((3,), (3, 4))),
            Example(((5, 2, 3), (3,))),
            Example(((3,), (3,))),
            Example(((0, 3), (3, 4))),
        )


def _turned(xp: Any, x: Any) -> Any:
    return xp.conj(xp.swapaxes(x, -1, -2)) if is_complex(dtype_name(x)) else xp.swapaxes(x, -1, -2)


@define("einsum")
class Einsum(Operation):
    """A sum of products: ``ijk,i,j->k`` means ``y_k = Σ_ij a_ijk b_i c_j``.

    An index stands at most once in an operand; ``...`` stands for leading axes of equal sizes.
    """

    def shape(self, *operands: Any, equation: str = "") -> Form:
        terms, result = parse(equation, [operand.ndim for operand in operands])
        sizes: dict[str, Any] = {}
        for term, operand in zip(terms, operands, strict=True):
            for index, size in zip(term, operand.shape, strict=True):
                if index in sizes and differ(sizes[index], size):
                    shapes = ", ".join(show(each.shape) for each in operands)
                    raise LanguageError(
                        f"einsum '{equation}' of {shapes}: "
                        f"index {index} is {sizes[index]} and {size}"
                    )
                sizes[index] = size if not isinstance(sizes.get(index), int) else sizes[index]
        return Form(tuple(sizes[index] for index in result), meeting_dtype(*operands))

    def value(self, xp: Any, *operands: Any, equation: str) -> Any:
        operands = meet(xp, *operands)
        terms, result = parse(equation, [operand.ndim for operand in operands])
        return _contract(xp, terms, operands, result), (operands, terms, result)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        operands, terms, result = saved
        gradients = []
        for place, (term, operand) in enumerate(zip(terms, operands, strict=True)):
            others = [terms[k] for k in range(len(terms)) if k != place]
            arrays = [operands[k] for k in range(len(terms)) if k != place]
            reach = set(result).union(*others)
            kept = "".join(index for index in term if index in reach)
            share = _contract(xp, [result, *others], [dy, *arrays], kept)
            expanded = tuple(
                size if index in reach else 1
                for index, size in zip(term, operand.shape, strict=True)
            )
            gradients.append(xp.broadcast_to(xp.reshape(share, expanded), operand.shape))
        return tuple(gradients)

    def examples(self) -> Any:
        return (
            Example(((2, 3, 4), (2,), (3,)), {"equation": "ijk,i,j->k"}),
            Example(((2, 3), (3, 4)), {"equation": "ij,jk->ik"}),
            Example(((2, 3), (2, 3)), {"equation": "ij,ij->"}),
            Example(((2, 3),), {"equation": "ij->ji"}),
            Example(((2, 3),), {"equation": "ij->i"}),
            Example(((5, 2, 3), (5, 3, 4)), {"equation": "...ij,...jk->...ik"}),
            Example(((2, 3), (3,)), {"equation": "ij,j"}),
        )


def _contract(xp: Any, terms: Any, arrays: Any, result: str) -> Any:
    return xp.einsum(f"{','.join(terms)}->{result}", *arrays, optimize=len(arrays) > 1)


def parse(equation: str, ranks: list[int]) -> tuple[list[str], str]:
    """The index letters of each operand and of the result; ``...`` becomes capitals.

    Raises:
        LanguageError: the equation does not fit the operands.
    """
    text = "".join(equation.split())
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise LanguageError(f"einsum '{equation}' has {len(terms)} operands, got {len(ranks)}")
    rest = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    lead = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: max([0, *rest])]
    full = [
        term.replace("...", lead[len(lead) - many :] if many > 0 else "")
        for term, many in zip(terms, rest, strict=True)
    ]
    once = "".join(sorted(i for i in set("".join(full)) if "".join(full).count(i) == 1))
    result = right.replace("...", lead) if arrow else once
    _check(equation, full, ranks, result)
    return full, result


def _check(equation: str, terms: list[str], ranks: list[int], result: str) -> None:
    for term, rank in zip(terms, ranks, strict=True):
        if len(term) != rank or not (term.isalpha() or not term):
            raise LanguageError(f"einsum '{equation}': '{term}' does not name {rank} axes")
        if len(set(term)) != len(term):
            raise LanguageError(f"einsum '{equation}': '{term}' names an index twice")
    strange = set(result) - set("".join(terms))
    if strange or len(set(result)) != len(result):
        raise LanguageError(f"einsum '{equation}': '{result}' can't be the result's indices")
