"""The lines of a ``forward``: assignment, ``if``, bounded loops, ``return``.

A ``for`` is unrolled. A ``while`` on a tensor's value runs its body once where only shapes are
known, so the body must keep the shapes of what it assigns, and names born in it stay in it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from paramctl.expression.errors import LanguageError
from paramctl.expression.evaluate import Evaluator
from paramctl.expression.limits import MOST_ROUNDS, MOST_WHILE_ROUNDS
from paramctl.expression.operators import truth
from paramctl.expression.parse import Code
from paramctl.expression.values import describe, items, opts_in


class _Return(Exception):  # noqa: N818 - control flow, not an error
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def run(code: Code, scope: Mapping[str, Any], functions: Mapping[str, Any]) -> Any:
    """The value of an expression or script, or what a body returns.

    Raises:
        ParamctlError: of the place's kind, at the place of the mistake.
    """
    evaluator = Evaluator(code, scope, functions)
    try:
        _block(evaluator, code.statements)
    except _Return as stop:
        return stop.value
    if code.result is not None:
        return evaluator.value(code.result)
    last = code.statements[-1]
    error = LanguageError("the end is reached without a return", hint="end with return …")
    raise evaluator.placed(error, last)


def _block(run: Evaluator, statements: Sequence[ast.stmt]) -> None:
    for statement in statements:
        match statement:
            case ast.Assign(targets=[target], value=value):
                _assign(run, target, run.value(value))
            case ast.Return(value=value):
                raise _Return(None if value is None else run.value(value))
            case ast.If():
                _block(run, statement.body if _test(run, statement.test) else statement.orelse)
            case ast.For():
                _for(run, statement)
            case ast.While():
                _while(run, statement)


def _test(run: Evaluator, node: ast.expr) -> bool:
    return _truth(run, node, run.value(node))


def _truth(run: Evaluator, node: ast.expr, value: Any) -> bool:
    try:
        return truth(value)
    except LanguageError as error:
        raise run.placed(error, node) from None


def _assign(run: Evaluator, target: ast.expr, value: Any) -> None:
    if isinstance(target, ast.Name):
        run.local[target.id] = value
        return
    assert isinstance(target, ast.Tuple)
    if not isinstance(value, tuple | list) or len(value) != len(target.elts):
        found = f"{len(value)} values" if isinstance(value, tuple | list) else describe(value)
        error = LanguageError(f"{len(target.elts)} names for {found}")
        raise run.placed(error, target)
    for one, part in zip(target.elts, value, strict=True):
        _assign(run, one, part)


def _for(run: Evaluator, loop: ast.For) -> None:
    value = run.value(loop.iter)
    try:
        rounds = items(value)
        if len(rounds) > MOST_ROUNDS:
            raise LanguageError(f"{len(rounds)} rounds are more than {MOST_ROUNDS}")
    except LanguageError as error:
        raise run.placed(error, loop.iter) from None
    for part in rounds:
        _assign(run, loop.target, part)
        _block(run, loop.body)


def _while(run: Evaluator, loop: ast.While) -> None:
    _bring_in(run, loop)
    before = dict(run.local)
    for _ in range(MOST_WHILE_ROUNDS + 1):
        decided = _condition(run, loop.test)
        if decided is False:
            break
        earlier = dict(run.local)
        _block(run, loop.body)
        _keep_forms(run, loop, earlier)
        if decided is None:
            break
    else:
        error = LanguageError(f"still true after {MOST_WHILE_ROUNDS:,} rounds")
        raise run.placed(error, loop.test)
    for name in set(run.local) - set(before):
        del run.local[name]
        run.gone.add(name)


def _bring_in(run: Evaluator, loop: ast.While) -> None:
    """Make names from outside that the loop assigns to the body's own, so that they outlive it."""
    stores = (node for node in ast.walk(loop) if isinstance(node, ast.Name))
    names = {node.id for node in stores if isinstance(node.ctx, ast.Store)}
    for name in names - set(run.local):
        if name in run.scope:
            run.local[name] = run.scope[name]


def _condition(run: Evaluator, node: ast.expr) -> bool | None:
    """Whether to go on; ``None`` where it depends on numbers that are not there."""
    value = run.value(node)
    if not opts_in(value, "language_condition"):
        return _truth(run, node, value)
    try:
        found: bool | None = value.language_condition()
    except LanguageError as error:
        raise run.placed(error, node) from None
    return found


def _keep_forms(run: Evaluator, loop: ast.While, earlier: dict[str, Any]) -> None:
    """Refuse a round that changes the shape or dtype of a name."""
    for name, old in earlier.items():
        new = run.local[name]
        if new is old or not (hasattr(old, "shape") or hasattr(new, "shape")):
            continue
        if not _same_form(old, new):
            problem = f"'{name}' changes from {old} to {describe(new)} in the loop"
            raise run.placed(LanguageError(problem), loop.test)


def _same_form(old: Any, new: Any) -> bool:
    """Sizes that are not known yet are taken to agree."""
    if not (hasattr(old, "shape") and hasattr(new, "shape")):
        return False
    if len(old.shape) != len(new.shape) or old.dtype != new.dtype:
        return False
    pairs = zip(old.shape, new.shape, strict=True)
    return all(not isinstance(a, int) or not isinstance(b, int) or a == b for a, b in pairs)
