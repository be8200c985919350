"""Values of expressions: one rule per kind of node, each error at the innermost node it fits."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from paramctl.errors import ParamctlError
from paramctl.expression import operators
from paramctl.expression.errors import LanguageError, StepsError
from paramctl.expression.limits import MOST_STEPS
from paramctl.expression.parse import Code
from paramctl.expression.plain import PLAIN
from paramctl.expression.values import Function, attribute, call, item, opts_in
from paramctl.names import near, show

_MISSING = object()


class Evaluator:
    """One evaluation: the names it sees, those it assigned, and the steps it took.

    Attributes:
        code: where the nodes come from.
        scope: names given from outside.
        functions: what a name means that is not in the scope.
        local: names assigned on the way.
        gone: names that were born in a loop that has ended.
        callable_kind: what can be called here, for messages: ``function``, ``layer``.
    """

    def __init__(self, code: Code, scope: Mapping[str, Any], functions: Mapping[str, Any]) -> None:
        self.code = code
        self.scope = scope
        self.functions = functions
        self.local: dict[str, Any] = {}
        self.gone: set[str] = set()
        self.callable_kind = "function"
        self._steps = 0

    def value(self, node: ast.expr) -> Any:
        """The value of a node.

        Raises:
            ParamctlError: at the innermost node where something is wrong.
            LanguageError: the same, without a place, inside a built-in layer.
        """
        self._steps += 1
        try:
            if self._steps > MOST_STEPS:
                raise StepsError(f"more than {MOST_STEPS:,} steps")
            return _RULES[type(node)](self, node)
        except LanguageError as error:
            raise self.placed(error, node) from None

    def placed(self, error: LanguageError, node: ast.AST) -> Exception:
        """The error with its place, as one that a user sees."""
        if self.code.place.is_builtin:
            return error
        mistake = self.code.mistake(node, error.message, error.hint)
        mistake.__dict__.update(frames=error.frames, is_final=isinstance(error, StepsError))
        return mistake

    def function_at(self, node: ast.expr) -> Any:
        """What a call calls: a text names a function, so that a config can choose one.

        Raises:
            ParamctlError: there is none of that name.
        """
        if isinstance(node, ast.Name):
            value = self._found(node.id)
            if value is _MISSING and not self.is_known(node.id):
                known = [*self.local, *self.scope, *self.functions, *PLAIN]
                raise self.placed(unknown_name(node.id, known, self.callable_kind), node)
            if value is not _MISSING and not isinstance(value, str):
                return value
        value = self.value(node)
        if not isinstance(value, str):
            return value
        if value not in self.functions:
            problem = f"{ast.unparse(node)} is '{show(value)}', which is no function"
            hint = "`paramctl spec language` lists them"
            raise self.placed(LanguageError(problem, hint=hint), node)
        found = self.functions[value]
        return found if opts_in(found, "language_call") else Function(value, found)

    def is_known(self, name: str) -> bool:
        """Whether a name means something here."""
        tables = (self.local, self.scope, self.functions, PLAIN)
        return name in self.gone or any(name in table for table in tables)

    def look_up(self, name: str) -> Any:
        """What a name means here.

        Raises:
            LanguageError: nothing; the hint offers the nearest.
        """
        found = self._found(name)
        if found is not _MISSING:
            return found
        if name in self.gone:
            hint = f"give '{name}' a value before the loop"
            raise LanguageError(f"'{name}' is born in a loop and stays in it", hint=hint)
        raise unknown_name(name, [*self.local, *self.scope, *self.functions, *PLAIN])

    def _found(self, name: str) -> Any:
        """What a name means, or ``_MISSING``."""
        if name in self.local:
            return self.local[name]
        if name in self.scope:
            return self.scope[name]
        if name in self.gone:
            return _MISSING
        for functions in (self.functions, PLAIN):
            if name in functions:
                found = functions[name]
                return found if opts_in(found, "language_call") else Function(name, found)
        return _MISSING


def unknown_name(name: str, known: list[str], kind: str = "") -> LanguageError:
    """The error that says that a name means nothing, with the nearest that does.

    Args:
        kind: what it should have been, such as ``layer``.
    """
    similar = near(name, known)
    hint = f"did you mean {similar[0]}?" if similar else ""
    if kind:
        return LanguageError(f"no {kind} named '{name}'", hint=hint)
    return LanguageError(f"'{name}' is not known here", hint=hint)


def _constant(run: Evaluator, node: ast.Constant) -> Any:
    return operators.bounded(node.value)


def _name(run: Evaluator, node: ast.Name) -> Any:
    return run.look_up(node.id)


def _attribute(run: Evaluator, node: ast.Attribute) -> Any:
    """A part of a value; who writes ``nn.Linear`` out of habit is told what it is called here."""
    try:
        value = run.value(node.value)
    except ParamctlError as error:
        is_habit = isinstance(node.value, ast.Name) and not run.is_known(node.value.id)
        if is_habit and run.is_known(node.attr):
            error.hint = f"did you mean {node.attr}?"
        raise
    return attribute(value, node.attr)


def _subscript(run: Evaluator, node: ast.Subscript) -> Any:
    return item(run.value(node.value), run.value(node.slice))


def _slice(run: Evaluator, node: ast.Slice) -> slice:
    bounds = (node.lower, node.upper, node.step)
    return slice(*(None if bound is None else run.value(bound) for bound in bounds))


def _call(run: Evaluator, node: ast.Call) -> Any:
    function = run.function_at(node.func)
    if opts_in(function, "language_form"):
        return function.language_form(run, node)
    given = [run.value(argument) for argument in node.args]
    named = {str(keyword.arg): run.value(keyword.value) for keyword in node.keywords}
    return operators.bounded(call(function, given, named))


def _binary(run: Evaluator, node: ast.BinOp) -> Any:
    return operators.binary(type(node.op), run.value(node.left), run.value(node.right))


def _unary(run: Evaluator, node: ast.UnaryOp) -> Any:
    return operators.unary(type(node.op), run.value(node.operand))


def _boolean(run: Evaluator, node: ast.BoolOp) -> Any:
    join = operators.both if isinstance(node.op, ast.And) else operators.either
    value = run.value(node.values[0])
    for other in node.values[1:]:
        value = join(value, partial(run.value, other))
    return value


def _compare(run: Evaluator, node: ast.Compare) -> Any:
    left = run.value(node.left)
    result: Any = True
    for place, (kind, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
        right_value = run.value(right)
        one = operators.compare(type(kind), left, right_value)
        result = one if place == 0 else operators.both(result, partial(_itself, one))
        left = right_value
    return result


def _itself(value: Any) -> Any:
    return value


def _if(run: Evaluator, node: ast.IfExp) -> Any:
    return run.value(node.body if operators.truth(run.value(node.test)) else node.orelse)


def _tuple(run: Evaluator, node: ast.Tuple) -> tuple[Any, ...]:
    return tuple(run.value(element) for element in node.elts)


def _list(run: Evaluator, node: ast.List) -> list[Any]:
    return [run.value(element) for element in node.elts]


_RULES: dict[type[ast.expr], Callable[[Evaluator, Any], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _if,
    ast.Tuple: _tuple,
    ast.List: _list,
}
