"""What is wrong with a value in the small language, before anyone knows the place in the text."""

from typing import Any


class LanguageError(Exception):
    """A value can't be computed on as asked; whoever evaluates the text adds the place.

    Attributes:
        message: the thing, the value found, the value wanted.
        hint: what to do next, or empty.
        frames: the module calls around it, innermost first; each has a ``line`` to show.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.frames: list[Any] = []


class StepsError(LanguageError):
    """The text takes more steps than it may: no other input makes it shorter."""
