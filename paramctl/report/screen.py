"""What standard output can show: a terminal or not, how wide, which characters, colours."""

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True)
class Screen:
    """Where a report is printed.

    Attributes:
        is_terminal: whether people look at it directly.
        width: columns of the terminal; of no meaning in a pipe.
        has_color: whether escape codes for colours are wanted.
        has_unicode: whether lines and blocks of Unicode can be encoded.
    """

    is_terminal: bool = False
    width: int = 80
    has_color: bool = False
    has_unicode: bool = True


def screen(color: str = "auto", stream: TextIO | None = None) -> Screen:
    """The screen behind a stream, standard output by default.

    Args:
        color: ``always``, ``never``, or ``auto``: on a terminal that is not dumb, unless
            ``NO_COLOR`` is set and not empty.
    """
    stream = sys.stdout if stream is None else stream
    is_terminal = stream.isatty()
    wanted = color == "always" or (
        color == "auto"
        and is_terminal
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-")
    return Screen(
        is_terminal=is_terminal,
        width=max(1, shutil.get_terminal_size((80, 24)).columns),
        has_color=wanted,
        has_unicode=encoding.startswith("utf"),
    )


def make_safe(stream: TextIO) -> None:
    """Let a stream write what its encoding lacks as an escape, rather than fail in the middle."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None and stream.errors == "strict":
        reconfigure(errors="backslashreplace")
