"""What a spec may ask the checkpoint: whether it has some tensors, and how many modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramctl.expression.errors import LanguageError
from paramctl.expression.values import Function, describe
from paramctl.spec.limits import MOST_MODULES

QUESTIONS = {"present": "present(beginning=None)", "count_present": "count_present(beginning)"}


class Questions:
    """The questions, answered for one checkpoint.

    Args:
        has: whether the checkpoint has tensors whose names begin so; ``None`` without one.
    """

    def __init__(self, has: Callable[[str], bool] | None) -> None:
        self.has = has

    def table(self) -> dict[str, Function]:
        """The questions as functions of the language."""
        return {name: Function(name, getattr(self, name)) for name in QUESTIONS}

    def present(self, beginning: Any = None) -> bool:
        """Whether the checkpoint has tensors whose names begin so; or whether there is one.

        Shapes:
            under ``params`` and ``modules``, a text → true or false; false without a checkpoint
        """
        if beginning is None:
            return self.has is not None
        return self.has is not None and self.has(_text("present", beginning))

    def count_present(self, beginning: Any) -> int:
        """How many numbered modules the checkpoint has there: 0, 1, 2 … in a row.

        Shapes:
            under ``params`` and ``modules``, a text such as ``"blocks."`` → a number
        """
        text = _text("count_present", beginning)
        gaps = (n for n in range(MOST_MODULES) if not self.present(f"{text}{n}."))
        return next(gaps, MOST_MODULES)


def _text(question: str, beginning: Any) -> str:
    if not isinstance(beginning, str):
        raise LanguageError(f"{question} takes the beginning of a name, not {describe(beginning)}")
    return beginning
