"""What there is to say about each initializer, taken from its docstring and its fields."""

import dataclasses
import inspect
import re
from dataclasses import dataclass
from typing import Any

from paramctl.init.base import INITIALIZERS, Initializer
from paramctl.init.defaults import FRAMEWORKS
from paramctl.init.rules import DEFAULT, framework_of, is_default
from paramctl.init.scheme import EXPRESSION, parse_scheme

_SECTION = re.compile(r"^(Attributes|Shapes|Raises|Source):[ \n]?", re.M)
_OF_THE_MODEL = """The model's own rules: those of its spec or family, else `torch.default`.

    by layer; paramctl init MODEL --explain -n prints them

Source: the spec; transformers 5.23 for the families."""


@dataclass(frozen=True)
class Option:
    """One field of an initializer.

    Attributes:
        default: its value when left out; `dataclasses.MISSING` where it must be given.
        meaning: what it does, one sentence.
    """

    name: str
    default: Any
    meaning: str

    @property
    def is_required(self) -> bool:
        """Whether it has no default."""
        return self.default is dataclasses.MISSING


@dataclass(frozen=True)
class Description:
    """A scheme as the user sees it.

    Attributes:
        made: the initializer, with the options that were given; ``None`` where one is
            missing, and for the defaults of a model or framework.
    """

    name: str
    aliases: tuple[str, ...]
    summary: str
    formula: str
    notes: str
    options: tuple[Option, ...]
    source: str
    made: Initializer | None = None


def describe(scheme: str) -> Description:
    """The description of one scheme: a name, with options or without, or an expression.

    Raises:
        ParamctlError: there is no such initializer, or an option is wrong.
    """
    if is_default(scheme):
        return _of_defaults(scheme)
    if scheme in INITIALIZERS:
        return _described(INITIALIZERS.canonical(scheme), None)
    made = parse_scheme(scheme)
    if not scheme.strip().startswith(EXPRESSION):
        return _described(INITIALIZERS.canonical(scheme.partition("(")[0].strip()), made)
    made.check((2, 2), ("out", "in"))  # says now what is wrong with it
    text = scheme.strip().removeprefix(EXPRESSION).strip()
    found = _documented(EXPRESSION.rstrip(":"), type(made), ())
    return dataclasses.replace(found, formula=text, options=(), made=made)


def describe_all() -> list[Description]:
    """Every initializer, those without a dialect first, and the defaults of frameworks last."""
    names = sorted(INITIALIZERS.names(), key=lambda name: ("." in name, name))
    defaults = [DEFAULT, *(f"{name}.{DEFAULT}" for name in FRAMEWORKS)]
    return [*map(describe, names), *map(_of_defaults, defaults)]


def _described(name: str, made: Initializer | None) -> Description:
    piece = INITIALIZERS[name]
    fields = dataclasses.fields(piece)  # type: ignore[arg-type]
    if made is None and all(field.default is not dataclasses.MISSING for field in fields):
        made = piece.make(name, (), {})
    found = _documented(name, piece, tuple(INITIALIZERS.aliases(name)))
    return dataclasses.replace(found, made=made)


def _of_defaults(scheme: str) -> Description:
    framework = framework_of(scheme)
    return _documented(scheme, FRAMEWORKS[framework] if framework else _OF_THE_MODEL, ())


def _documented(name: str, piece: Any, aliases: tuple[str, ...]) -> Description:
    """What a docstring says, and the options of a class."""
    text = piece if isinstance(piece, str) else inspect.cleandoc(piece.__doc__ or "")
    body, sections = _split(text)
    summary, _, rest = body.partition("\n\n")
    formula, notes = _formula(rest)
    meanings = _meanings(sections.get("Attributes", ""))
    fields = dataclasses.fields(piece) if dataclasses.is_dataclass(piece) else ()
    options = tuple(
        Option(field.name, field.default, meanings.get(field.name, "")) for field in fields
    )
    source = _joined(sections.get("Source", ""))
    return Description(name, aliases, _joined(summary), formula, notes, options, source)


def _split(text: str) -> tuple[str, dict[str, str]]:
    """A docstring's body, and its sections by their headings."""
    parts = _SECTION.split(text)
    return parts[0].strip(), dict(zip(parts[1::2], parts[2::2], strict=True))


def _formula(text: str) -> tuple[str, str]:
    """The indented lines, and the other paragraphs."""
    lines = text.splitlines()
    formula = _joined("\n".join(line for line in lines if line.startswith("    ")))
    notes = "\n".join(line for line in lines if not line.startswith("    ")).strip()
    return formula, "\n".join(_joined(part) for part in re.split(r"\n{2,}", notes))


def _meanings(text: str) -> dict[str, str]:
    """Option to meaning, from lines such as ``    gain: dimensionless.`` and their followers."""
    found = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", text, re.M)
    return {name: _joined(meaning) for name, meaning in found}


def _joined(text: str) -> str:
    return " ".join(text.split())
