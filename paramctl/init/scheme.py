"""The text of a scheme: ``xavier``, ``normal(std=0.02)``, ``keras.he_normal``, ``expr: …``."""

import ast
import math
import re
import typing
from collections.abc import Mapping
from typing import Any

from paramctl.errors import ParamctlError, UsageError
from paramctl.expression.errors import LanguageError
from paramctl.expression.parse import Code, parse
from paramctl.expression.place import Place, argument
from paramctl.init.base import INITIALIZERS, Initializer
from paramctl.init.formula import Formula

EXPRESSION = "expr:"
_CONSTANTS = {"true": True, "false": False, "inf": math.inf, "nan": math.nan}
_FUNCTIONS = {"sqrt": math.sqrt, "exp": math.exp, "log": math.log, "min": min, "max": max}

_OTHERWISE = {
    "mxnet.mixed": "it is several rules: --scheme 'SELECT=SCHEME', once for each pattern",
    "mxnet.load": "it draws nothing: paramctl graft MODEL SELECT --from OTHER copies by name",
}
"""What mxnet calls initializers and is something else here."""


class Named:
    """An initializer's name as a value of the language: called, it takes its options."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"the initializer {self.name}"

    def language_call(self, *given: Any, **named: Any) -> Initializer:
        """The initializer with these options."""
        try:
            return INITIALIZERS[self.name].make(self.name, given, named)
        except UsageError as error:
            raise LanguageError(error.problem, hint=error.hint) from None


class Dialect:
    """The initializers of one framework: ``keras.he_normal``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"the initializers of {self.name}"

    def language_attribute(self, name: str) -> Named:
        """The initializer of that name."""
        full = f"{self.name}.{name}"
        try:
            INITIALIZERS.canonical(full)
        except UsageError as error:
            raise LanguageError(error.problem, hint=error.hint) from None
        return Named(full)


def scheme_names() -> dict[str, Any]:
    """Every initializer and dialect by its name, for texts that use them as values."""
    INITIALIZERS.load()
    names = [
        *INITIALIZERS.names(),
        *(a for n in INITIALIZERS.names() for a in INITIALIZERS.aliases(n)),
    ]
    plain = {name: Named(name) for name in names if "." not in name}
    dialects = {name.split(".")[0] for name in names if "." in name}
    return {**plain, **{name: Dialect(name) for name in dialects}}


def as_initializer(value: Any) -> Initializer:
    """The initializer of a value: itself, a name without options, or a scheme's text.

    Raises:
        UsageError: it is none of these.
    """
    match value:
        case Initializer():
            return value
        case Named():
            return INITIALIZERS[value.name].make(value.name, (), {})
        case str():
            return parse_scheme(value)
    raise UsageError(f"expected a scheme such as xavier_uniform or normal(std=0.02), not {value!r}")


def parse_scheme(
    text: str, names: Mapping[str, Any] | None = None, place: Place | None = None
) -> Initializer:
    """The initializer that a text names, with the options it gives.

    Words that an option can take need no quotes: ``kaiming_normal(mode=fan_out)``.

    Args:
        names: what option values may refer to, such as the sizes of a model.
        place: where the text stands, for messages.

    Raises:
        ParamctlError: no such initializer, an option it does not have or can't be so, or an
            expression that is wrong; a UsageError unless the place says otherwise.
    """
    stripped = text.strip()
    if stripped.startswith(EXPRESSION):
        formula = Formula(stripped[len(EXPRESSION) :].strip(), place)
        _ = formula.code  # says now what is wrong with it
        return formula
    try:
        code = parse(stripped, place or argument())
    except ParamctlError as error:
        error.hint = _in_parentheses(stripped) or error.hint
        raise
    head = _head(code)
    scope = {**_CONSTANTS, **_words(head, code), **(names or {}), **_called(head)}
    value = code.evaluate(scope, _FUNCTIONS)
    return as_initializer(value)


def _head(code: Code) -> str:
    """The name that a scheme begins with, and that there is such an initializer."""
    node: ast.AST | None = code.result
    if isinstance(node, ast.Call):
        node = node.func
    name = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    if not name or not all(part.isidentifier() for part in name.split(".")):
        problem = (
            f"expected a scheme such as xavier_uniform or normal(std=0.02), found '{code.text}'"
        )
        raise UsageError(problem)
    try:
        INITIALIZERS.canonical(name)
    except UsageError as error:
        error.hint = _OTHERWISE.get(name.lower(), error.hint)
        if not code.place.file:
            raise
        assert node is not None, "a name has a node"
        raise code.mistake(node, error.problem, error.hint) from None
    return name


def _called(head: str) -> dict[str, Any]:
    first, _, rest = head.partition(".")
    return {first: Dialect(first) if rest else Named(first)}


def _words(head: str, code: Code) -> dict[str, str]:
    """The words that options of this initializer can take, and what is given as such a word."""
    piece = INITIALIZERS[head]
    hints = typing.get_type_hints(piece)
    choices = {name: typing.get_args(hint) for name, hint in hints.items()}
    words = [word for group in choices.values() for word in group if isinstance(word, str)]
    call = code.result
    for option in call.keywords if isinstance(call, ast.Call) else ():
        name = option.arg or ""
        if isinstance(option.value, ast.Name) and choices.get(piece.spellings.get(name, name)):
            words.append(option.value.id)
    return {word: word for word in words}


def _in_parentheses(text: str) -> str:
    """How options are given, for a text such as ``normal:0.02``."""
    found = re.fullmatch(r"([\w.]+?)[\s:=]+(.+)", text)
    if found is None or found[1] not in INITIALIZERS:
        return ""
    return f"options stand in parentheses: {found[1]}({found[2]})"
