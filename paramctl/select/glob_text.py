"""The rules of the selection grammar for globs; ``grammar`` has the whole of it.

glob     = ["^"] segment ("." segment)* ["$"]
segment  = "**" | piece*
piece    = "*" | "?" | "[" ["!" | "^"] character+ "]" | "{" NUMBER ".." NUMBER "}"
         | "{" inner* ("," inner*)* "}" | text
inner    = "*" | "?" | "[" … "]" | text             braces don't nest
text     = bare characters | '"' any, with \\" and \\\\ '"'
"""

import re

from paramctl.names import show
from paramctl.select.glob import Glob
from paramctl.select.pieces import (
    Choice,
    Class,
    Numbers,
    One,
    Piece,
    Segment,
    Star,
    Text,
    TooManyPatternsError,
)
from paramctl.select.scan import Scanner

_BARE = re.compile(r"[^\s()|&!<>\"*?\[{}^$.]+")
_INNER = re.compile(r"[^\s()|&!<>\"*?\[{}^$.,]+")
_DOT, _COMMA, _CLOSE, _CARET, _DOLLAR = map(re.compile, (r"\.", ",", r"\}", r"\^", r"\$"))
_DEEP = re.compile(r"\*\*(?![^\s()|&!<>.$])")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"', re.DOTALL)
_RANGE = re.compile(r"\{([0-9]{1,18})\.\.([0-9]{1,18})\}")
_CLASS = re.compile(r"\[([!^]?)(\]?[^\]]*)\]", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def read_glob(scan: Scanner) -> Glob:
    """A glob that begins here.

    Raises:
        SelectionError: what stands here is none.
    """
    start = scan.position
    from_start = scan.take(_CARET) is not None
    body = scan.position
    segments = _segments(scan)
    if scan.position == body:
        raise scan.error("a pattern")
    glob = Glob(tuple(segments), from_start, scan.take(_DOLLAR) is not None)
    try:
        _ = glob.expressions
    except TooManyPatternsError:
        raise scan.complaint(
            "several * and braces in one segment stand for more than 1,000 patterns", at=start
        ) from None
    return glob


def read_quoted(scan: Scanner) -> str | None:
    """Text in double quotes that begins here, without them; ``None`` where none does.

    Raises:
        SelectionError: it does not end, or a backslash escapes something else.
    """
    if scan.peek() != '"':
        return None
    match = scan.take(_QUOTED)
    if match:
        return _ESCAPE.sub(r"\1", match[1])
    for escape in _ESCAPE.finditer(scan.text, scan.position):
        if escape[1] not in '"\\':
            raise scan.error('\\" or \\\\', at=escape.start(), found=f"'{escape[0]}'")
    raise scan.error("a closing '\"'", at=len(scan.text))


def _segments(scan: Scanner) -> list[Segment | None]:
    segments: list[list[Piece] | None] = [[]]
    while True:
        current = segments[-1]
        if scan.take(_DOT):
            segments.append([])
        elif not current and scan.take(_DEEP):
            segments[-1] = None
        elif current is not None and (texts := read_quoted(scan)) is not None:
            first, *others = texts.split(".")
            _add(current, Text(first))
            segments += [[Text(other)] if other else [] for other in others]
        elif current is not None and (piece := _piece(scan, _BARE, braces=True)) is not None:
            _add(current, piece)
        else:
            return [pieces if pieces is None else tuple(pieces) for pieces in segments]


def _add(pieces: list[Piece], piece: Piece) -> None:
    if isinstance(piece, Text) and pieces and isinstance(pieces[-1], Text):
        pieces[-1] = Text(pieces[-1].text + piece.text)
    elif piece != Text(""):
        pieces.append(piece)


def _piece(scan: Scanner, bare: re.Pattern[str], *, braces: bool) -> Piece | None:
    start = scan.position
    match scan.peek():
        case "*":
            scan.position += 1
            if scan.peek() == "*":
                raise scan.complaint(
                    "'**' stands for whole segments: put it between dots", at=start
                )
            return Star()
        case "?":
            scan.position += 1
            return One()
        case "[":
            return _class(scan)
        case "{":
            if not braces:
                raise scan.error("',' or '}'", hint="braces don't nest")
            return _numbers(scan) or _choice(scan)
    plain = scan.take(bare)
    return Text(plain[0]) if plain else None


def _class(scan: Scanner) -> Class:
    start = scan.position
    match = scan.take(_CLASS)
    if not match:
        raise scan.error("a closing ']'", at=len(scan.text))
    if not match[2]:
        raise scan.error("a character", at=match.start(2))
    found = Class(match[2], bool(match[1]))
    for low, high in found.ranges:
        if low > high:
            raise scan.complaint(f"'{show(low)}-{show(high)}' is an empty range", at=start)
    return found


def _numbers(scan: Scanner) -> Numbers | None:
    start = scan.position
    match = scan.take(_RANGE)
    if not match:
        return None
    low, high = int(match[1]), int(match[2])
    if low > high:
        raise scan.complaint(f"'{match[0]}' is an empty range: write the lower end first", at=start)
    filled = any(len(end) > 1 and end.startswith("0") for end in match.groups())
    return Numbers(low, high, max(map(len, match.groups())) if filled else 0)


def _choice(scan: Scanner) -> Choice:
    scan.position += 1
    alternatives = [_alternative(scan)]
    while scan.take(_COMMA):
        alternatives.append(_alternative(scan))
    if not scan.take(_CLOSE):
        hint = "braces stay within one segment: join patterns with |" if scan.peek() == "." else ""
        raise scan.error("',' or '}'", hint=hint)
    return Choice(tuple(alternatives))


def _alternative(scan: Scanner) -> Segment:
    pieces: list[Piece] = []
    while True:
        start = scan.position
        if (text := read_quoted(scan)) is not None:
            if "." in text:
                raise scan.complaint("braces stay within one segment: no dot in them", at=start)
            _add(pieces, Text(text))
        elif (piece := _piece(scan, _INNER, braces=False)) is not None:
            _add(pieces, piece)
        else:
            return tuple(pieces)
