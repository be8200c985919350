"""What there is to say about each initializer, taken from its docstring and its fields."""

import dataclasses
import inspect
import re
from dataclasses import dataclass
from typing import Any

from paramctl.init.base import INITIALIZERS

_SECTION = re.compile(r"^(Attributes|Shapes|Raises|Source):[ \n]?", re.M)


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
    """An initializer as the user sees it."""

    name: str
    aliases: tuple[str, ...]
    summary: str
    formula: str
    notes: str
    options: tuple[Option, ...]
    source: str


def describe(name: str) -> Description:
    """The description of one initializer by any of its names.

    Raises:
        UsageError: nothing has that name.
    """
    first = INITIALIZERS.canonical(name)
    piece = INITIALIZERS[first]
    text = inspect.cleandoc(piece.__doc__ or "")
    body, sections = _split(text)
    summary, _, rest = body.partition("\n\n")
    formula, notes = _formula(rest)
    meanings = _meanings(sections.get("Attributes", ""))
    options = tuple(
        Option(field.name, field.default, meanings.get(field.name, ""))
        for field in dataclasses.fields(piece)  # type: ignore[arg-type]
    )
    return Description(
        first,
        tuple(INITIALIZERS.aliases(first)),
        _joined(summary),
        formula,
        notes,
        options,
        _joined(sections.get("Source", "")),
    )


def describe_all() -> list[Description]:
    """Every initializer: those without a dialect first, each group by name."""
    names = sorted(INITIALIZERS.names(), key=lambda name: ("." in name, name))
    return [describe(name) for name in names]


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
