"""``SELECT=SCHEME``: where the selection of a rule ends and its scheme begins."""

import re
from typing import NamedTuple

from paramctl.errors import ParamctlError, UsageError
from paramctl.init.base import INITIALIZERS
from paramctl.init.scheme import EXPRESSION, parse_scheme

DEFAULT = "default"
"""The spec's or family's own rules, else torch's; ``keras.default`` names another framework."""

_FRAMEWORKS = {
    "torch": "torch",
    "mxnet": "mxnet",
    "keras": "keras",
    "jax": "jax",
    "flax": "jax",
    "paddle": "paddle",
}
_DEFAULTS = {f"{name}{dot}{DEFAULT}": of for name, of in _FRAMEWORKS.items() for dot in "._"}
_RULED_EXPRESSION = re.compile(r"=\s*expr:")
_BRACKETS = {")": "(", "]": "[", "}": "{"}


class Rule(NamedTuple):
    """Which tensors, and how they are drawn.

    Attributes:
        select: a selection's text; ``None`` for the scheme that has none.
        scheme: a scheme's text, or one of the defaults'.
    """

    select: str | None
    scheme: str


def is_default(scheme: str) -> bool:
    """Whether a text asks for per-layer defaults, of the model or of a framework."""
    return scheme == DEFAULT or scheme in _DEFAULTS


def framework_of(scheme: str) -> str | None:
    """The framework whose defaults a text names; ``None`` for the model's own."""
    return _DEFAULTS.get(scheme)


def parse_rule(text: str) -> Rule:
    """The rule of one ``--scheme`` argument.

    The text is first read whole as a scheme or expression; else it is split at its last ``=``
    outside quotes and brackets, or before ``expr:``.

    Raises:
        UsageError: neither reading gives a scheme.
    """
    whole = text.strip()
    if is_default(whole) or whole.startswith(EXPRESSION):
        return _checked(None, whole)
    try:
        return _checked(None, whole)
    except ParamctlError:
        place = split_place(whole)
        if place is None:
            raise
    select, scheme = whole[:place].strip(), whole[place + 1 :].strip()
    if not select:
        raise UsageError(f"no selection before '=': '{text}'", hint="leave out the '=' to mean all")
    try:
        return _checked(select, scheme)
    except ParamctlError as error:
        if select in INITIALIZERS:
            error.hint = f"options stand in parentheses: {select}({scheme})"
        raise


def split_place(text: str) -> int | None:
    """Index of the ``=`` between selection and scheme; ``None`` if there is none."""
    outside = _outside(text)
    ruled = [found.start() for found in _RULED_EXPRESSION.finditer(text)]
    places = [place for place in ruled if place in outside] or sorted(outside)
    return places[0] if ruled and places else (places[-1] if places else None)


def _outside(text: str) -> set[int]:
    """Places of every ``=`` that no quotes or brackets enclose."""
    found: set[int] = set()
    open_brackets: list[str] = []
    quoted = escaped = False
    for place, character in enumerate(text):
        if escaped or (quoted and character == "\\"):
            escaped = not escaped
        elif character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in "([{":
            open_brackets.append(character)
        elif character in _BRACKETS and open_brackets[-1:] == [_BRACKETS[character]]:
            open_brackets.pop()
        elif character == "=" and not open_brackets:
            found.add(place)
    return found


def _checked(select: str | None, scheme: str) -> Rule:
    if not is_default(scheme):
        parse_scheme(scheme)
    return Rule(select, scheme)
