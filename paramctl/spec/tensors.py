"""The forms ``Param``, ``Buffer`` and ``Constant`` under ``params``: what a block owns."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paramctl.dtypes import parse_dtype
from paramctl.engine.unknown import Unknown
from paramctl.errors import UsageError
from paramctl.expression.errors import LanguageError
from paramctl.expression.evaluate import Evaluator
from paramctl.expression.limits import MOST_ROUNDS
from paramctl.expression.operators import truth
from paramctl.expression.parse import Code
from paramctl.expression.values import describe
from paramctl.names import near
from paramctl.spec.arithmetic import ARITHMETIC
from paramctl.spec.scheme import scheme_of
from paramctl.spec.scope import Scope, names_in, origin_of
from paramctl.spec.sizes import known_shape, require_size

KINDS = {"Param": "parameter", "Buffer": "buffer", "Constant": "constant"}
_OPTIONS = ("axes", "init", "dtype", "persistent")
_LARGEST = 2**50


@dataclass(frozen=True)
class TensorPlan:
    """A tensor that a block owns, before it has a name.

    Attributes:
        shape: sizes, perhaps computed from some that are not known yet.
        arguments: per axis, the names that its size is made of.
        origins: per axis, where the size came from, in words.
        init: the part of the code that spells its scheme; ``None`` without one.
    """

    kind: str
    shape: tuple[Any, ...]
    axes: tuple[str, ...]
    dtype: str
    persistent: bool
    arguments: tuple[frozenset[str], ...]
    origins: tuple[str, ...]
    init: ast.expr | None
    code: Code
    scope: Scope

    def scheme(self) -> str | None:
        """Its scheme with the sizes known by now; ``None`` without one or before they are known."""
        if self.init is None:
            return None if self.kind == "parameter" else "zeros"
        return scheme_of(self.code, self.scope, self.init) or None


class TensorForms(Mapping[str, Any]):
    """What can be called under ``params``.

    Args:
        questions: functions that ask the checkpoint something, by name.
    """

    def __init__(self, questions: Mapping[str, Any]) -> None:
        self.questions = questions

    def __contains__(self, name: object) -> bool:
        return name in KINDS or name in ARITHMETIC or name in self.questions or name == "Repeat"

    def __getitem__(self, name: str) -> Any:
        if name in self.questions:
            return self.questions[name]
        if name == "Repeat":
            return TensorRepeat()
        return TensorForm(name) if name in KINDS else ARITHMETIC[name]

    def __iter__(self) -> Iterator[str]:
        yield from (*KINDS, "Repeat", *self.questions, *ARITHMETIC)

    def __len__(self) -> int:
        return len(list(iter(self)))


class TensorRepeat:
    """``"weight_l{i}": Repeat(n, Param(…))``: one tensor for each ``i``, named by the pattern."""

    def language_call(self, *_given: Any) -> Any:
        """Marks it as callable; ``language_form`` is what runs."""
        raise LanguageError("Repeat can't be called here")

    def language_form(self, run: Evaluator, node: ast.Call) -> list[TensorPlan | None]:
        """The plans, in order.

        Raises:
            LanguageError: the count is no whole number up to 10,000.
        """
        if len(node.args) != 2 or node.keywords:
            raise LanguageError("Repeat takes a count and a tensor", hint="Repeat(4, Param(n))")
        count = run.value(node.args[0])
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_ROUNDS:
            raise LanguageError(f"a count is a whole number, not {describe(count)}")
        assert isinstance(run.scope, Scope)
        plans = []
        for number in range(count):
            scope = run.scope.with_index(number)
            plans.append(Evaluator(run.code, scope, run.functions).value(node.args[1]))
        return plans


class TensorForm:
    """``Param(out_features, in_features, axes="out in", init=…)`` and its like."""

    def __init__(self, name: str) -> None:
        self.name = name

    def language_call(self, *_given: Any) -> Any:
        """Marks it as callable; ``language_form`` is what runs."""
        raise LanguageError(f"{self.name} can't be called here")

    def language_form(self, run: Evaluator, node: ast.Call) -> TensorPlan:
        """The plan of the tensor.

        Raises:
            LanguageError: a size, role, dtype or option is none.
        """
        named = {str(keyword.arg): keyword.value for keyword in node.keywords}
        for name in named:
            if name not in _OPTIONS:
                similar = near(name, _OPTIONS)
                hint = f"did you mean {similar[0]}?" if similar else f"it has {', '.join(_OPTIONS)}"
                raise LanguageError(f"{self.name} has no option '{name}'", hint=hint)
        sizes = [size for argument in node.args for size in self._sizes(run, argument)]
        shape = tuple(size for size, _ in sizes)
        _bound(shape)
        assert isinstance(run.scope, Scope)
        return TensorPlan(
            KINDS[self.name],
            shape,
            self._axes(run, named.get("axes"), len(shape)),
            _dtype(run, named.get("dtype")),
            truth(run.value(named["persistent"])) if "persistent" in named else True,
            tuple(frozenset(names_in(argument)) for _, argument in sizes),
            tuple(origin_of(argument, run.code, run.scope) for _, argument in sizes),
            named.get("init"),
            run.code,
            run.scope,
        )

    def _sizes(self, run: Evaluator, node: ast.expr) -> list[tuple[Any, ast.expr]]:
        value = run.value(node)
        parts = value if isinstance(value, tuple | list) else (value,)
        try:
            return [(require_size(part, "a size"), node) for part in parts]
        except LanguageError as error:
            raise run.placed(error, node) from None

    def _axes(self, run: Evaluator, node: ast.expr | None, rank: int) -> tuple[str, ...]:
        if node is None:
            return ()
        text = run.value(node)
        if not isinstance(text, str) or len(text.split()) != rank:
            error = LanguageError(f"axes names {rank} roles, one per size, found {describe(text)}")
            raise run.placed(error, node)
        return tuple(text.split())


def _dtype(run: Evaluator, node: ast.expr | None) -> str:
    if node is None:
        return "F32"
    try:
        return parse_dtype(str(run.value(node))).name
    except UsageError as error:
        raise run.placed(LanguageError(error.problem, hint=error.hint), node) from None


def _bound(shape: tuple[Any, ...]) -> None:
    count = 1
    for size in known_shape(shape):
        if not isinstance(size, Unknown):
            count *= size
    if count > _LARGEST:
        raise LanguageError(f"a tensor of {count} elements is more than 2**50")
