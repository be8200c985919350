"""Text in lines that a terminal can hold, broken between words."""

from paramctl.report.screen import Screen


def in_lines(text: str, room: int, indent: str = "") -> list[str]:
    """The text in lines of at most ``room`` columns, all but the first indented; no word is cut."""
    from textwrap import wrap

    return wrap(
        text, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def wrapped(text: str, indent: str, screen: Screen) -> list[str]:
    """The text in lines that fit a terminal; as it is in a pipe."""
    return in_lines(text, screen.width, indent) if screen.is_terminal else [text]
