"""A place in a selection's text, and errors that underline it."""

import re
import unicodedata

from paramctl.errors import SelectionError
from paramctl.names import show

_WINDOW = 30
_WORD = re.compile(r"[^\s()|&!<>]+")


class Scanner:
    """Reads a text from left to right.

    Attributes:
        text: the whole selection.
        position: index of the next character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position >= len(self.text)

    def peek(self) -> str:
        """The next character, or nothing at the end."""
        return self.text[self.position : self.position + 1]

    def space(self) -> None:
        """Pass white space."""
        while self.peek().isspace():
            self.position += 1

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Pass what a pattern matches here; ``None`` where it doesn't."""
        match = pattern.match(self.text, self.position)
        if match:
            self.position = match.end()
        return match

    def error(
        self, wanted: str, *, at: int | None = None, found: str = "", hint: str = ""
    ) -> SelectionError:
        """``expected WANTED, found FOUND`` with the place underlined.

        Args:
            wanted: what the grammar allows here.
            at: index of the place; here when left out.
            found: what stands there instead; the next word when left out.
            hint: what to do about it.
        """
        place = self.position if at is None else at
        return self.complaint(
            f"expected {wanted}, found {found or self._found(place)}", at=place, hint=hint
        )

    def complaint(self, problem: str, *, at: int, hint: str = "") -> SelectionError:
        """Any sentence about a place, with the place underlined."""
        return SelectionError(f"{problem}\n{underlined(self.text, at)}", hint=hint)

    def _found(self, place: int) -> str:
        if place >= len(self.text):
            return "the end"
        word = _WORD.match(self.text, place)
        text = word[0] if word else self.text[place]
        return f"'{show(text if len(text) <= 40 else text[:40] + '…')}'"


def underlined(text: str, place: int) -> str:
    """The text with a caret under one character; a long one is shown around it."""
    start = max(0, place - _WINDOW)
    before = ("…" if start else "") + show(text[start:place])
    after = show(text[place : place + _WINDOW]) + ("…" if len(text) > place + _WINDOW else "")
    return f"    {before}{after}\n    {' ' * _columns(before)}^"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
