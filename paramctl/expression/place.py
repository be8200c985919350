"""Where a text of the language stands, and how an error shows that place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from paramctl.errors import ParamctlError, SpecError
from paramctl.names import show

_WIDEST = 160


@dataclass(frozen=True)
class Place:
    """A position in a file or in an argument of the command line.

    Attributes:
        file: how messages call the file; empty for an argument.
        line, column: of the first character, both counted from 1.
        indent: columns that the lines after the first have lost, as in a YAML literal block.
        lines: the whole file, to show the line from; without it the text itself is shown.
        error: what a mistake here is.
        is_builtin: whether mistakes belong to the caller: nobody can edit a built-in layer.
    """

    file: str = ""
    line: int = 1
    column: int = 1
    indent: int = 0
    lines: tuple[str, ...] = field(default=(), repr=False, compare=False)
    error: type[ParamctlError] = SpecError
    is_builtin: bool = False

    @property
    def where(self) -> str:
        """``net.yaml:7:14``, or empty for an argument."""
        return f"{self.file}:{self.line}:{self.column}" if self.file else ""

    @property
    def short(self) -> str:
        """``net.yaml:7``."""
        return f"{self.file}:{self.line}" if self.file else ""

    def moved(self, line: int, column: int) -> Place:
        """The place of a character of the text: ``line`` from 1, ``column`` from 0 within it."""
        start = self.column if line == 1 else self.indent + 1
        return replace(self, line=self.line + line - 1, column=start + column)

    def mistake(
        self, problem: str, *, width: int = 1, text: str = "", hint: str = ""
    ) -> ParamctlError:
        """An error here, with its line and what is wrong in it underlined.

        Args:
            width: characters to underline.
            text: the line, where the place has no file to take it from.
        """
        shown = self._excerpt(text, width)
        return self.error(f"{problem}\n{shown}" if shown else problem, where=self.where, hint=hint)

    def _excerpt(self, text: str, width: int) -> str:
        if self.file and self.line <= len(self.lines):
            text = self.lines[self.line - 1]
        if not text.strip():
            return ""
        column = self.column - 1
        start = max(0, column - _WIDEST // 2) if len(text) > _WIDEST else 0
        before = show(text[start:column].replace("\t", " "))
        here = show(text[column : min(column + width, start + _WIDEST)].replace("\t", " "))
        after = show(text[column + width : start + _WIDEST].replace("\t", " "))
        number = f"{self.line:>6} | " if self.file else "    "
        blank = " " * (len(number) - 2) + "| " if self.file else "    "
        marks = " " * len(before) + "^" * max(len(here), 1)
        return f"{number}{(before + here + after).rstrip()}\n{blank}{marks}"


def argument(name: str = "", error: type[ParamctlError] | None = None) -> Place:
    """The place of a text that stands in an argument; mistakes in it are wrong usage."""
    from paramctl.errors import UsageError

    return _Argument(error=error or UsageError, name=name)


@dataclass(frozen=True)
class _Argument(Place):
    name: str = ""

    @property
    def where(self) -> str:
        return self.name
