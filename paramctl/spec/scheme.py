"""Scheme texts whose options are expressions: ``normal(std=initializer_range)``, computed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError
from paramctl.expression.evaluate import Evaluator
from paramctl.expression.operators import truth
from paramctl.expression.parse import Code
from paramctl.expression.values import describe
from paramctl.spec.arithmetic import ARITHMETIC
from paramctl.spec.nodes import Scalar


def scheme_text(node: Scalar, config: Mapping[str, Any]) -> str:
    """A scheme with the values of its options in place of names.

    A text that begins with ``expr:`` or that is quoted is kept as it is.

    Raises:
        SpecError: the text is no scheme.
    """
    if not node.is_plain or node.text.startswith("expr:"):
        return node.text
    code = node.code()
    assert code.result is not None
    return render(Evaluator(code, config, ARITHMETIC), code.result)


def render(run: Evaluator, node: ast.expr) -> str:
    """The scheme that a node spells, with its options evaluated; empty while one is unknown.

    Raises:
        SpecError: the node is no scheme.
    """
    try:
        return _render(run, node)
    except LanguageError as error:
        raise run.placed(error, node) from None


def _render(run: Evaluator, node: ast.expr) -> str:
    match node:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _render(run, body if truth(run.value(test)) else orelse)
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(func=function, args=given, keywords=named):
            values = [run.value(argument) for argument in given]
            options = [(str(keyword.arg), run.value(keyword.value)) for keyword in named]
            if any(isinstance(v, Unknown) for v in [*values, *(v for _, v in options)]):
                return ""
            texts = [_option(value) for value in values]
            texts += [f"{name}={_option(value)}" for name, value in options]
            return f"{_dotted(function)}({', '.join(texts)})"
    return _dotted(node)


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_dotted(value)}.{name}"
    raise LanguageError("a scheme is a name, with options as in a call", hint="normal(std=0.02)")


def _option(value: Any) -> str:
    if isinstance(value, str | int | float | bool) or value is None:
        return repr(value)
    raise LanguageError(f"an option of a scheme is a number or a text, not {describe(value)}")


def scheme_of(code: Code, scope: Mapping[str, Any], node: ast.expr) -> str:
    """The scheme that a part of some code spells, over a scope of its own."""
    return render(Evaluator(code, scope, ARITHMETIC), node)
