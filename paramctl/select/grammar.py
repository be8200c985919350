"""Selection text to predicate: ``layers.{0..3}.*_proj & !(ndim:1 | dtype:f32)``.

    selection = either END
    either    = both (("|" | "or") both)*
    both      = one (("&" | "and") one)*
    one       = ("!" | "not") one | "(" either ")" | "tied" | field | regex | glob

    regex     = "re:" (pattern | quoted)    a pattern goes on to white space or to a ")" that it
                                            did not open; quoted, \\" and \\\\ are escapes
    field     = NUMBERS ":" range | NUMBERS ("<" | "<=" | ">" | ">=") number | WORDS ":" glob
    range     = number | [number] ".." [number]                  both ends are included
    number    = ["-"] DIGITS ["." DIGITS] ["e" DIGITS] [unit]
    NUMBERS   = "ndim" | "numel" | "nbytes" | "layer" | "shard"
    WORDS     = "dtype" | "kind" | "type" | "role" | "shard"

    glob      = ["^"] segment ("." segment)* ["$"]
    segment   = "**" | piece*
    piece     = "*" | "?" | "[" ["!"] character+ "]" | "{" DIGITS ".." DIGITS "}"
              | "{" inner* ("," inner*)* "}" | text
    text      = bare characters | '"' any, with \\" and \\\\ '"'

A glob fits a name where its segments fit a run of whole segments of the name, wherever the run
begins, and selects all names below the run; ``^`` and ``$`` tie it to the name's ends. That a
selection may be the exact name of a tensor or module, or a list ``@FILE``, is decided before
it is parsed: see ``choose``.
"""

import re

from paramctl.select.field_text import read_field
from paramctl.select.fields import Tied
from paramctl.select.glob_text import read_glob
from paramctl.select.predicate import Predicate, both, either
from paramctl.select.regex import Regex, compiled, unquoted_end
from paramctl.select.scan import Scanner

_DEEPEST = 100
_JOIN = "join patterns with | (either) or & (both); put quotes around a name with spaces"
_WORD_END = r"(?=[\s()|&!]|\Z)"
_OR = re.compile(rf"\||or{_WORD_END}")
_AND = re.compile(rf"&|and{_WORD_END}")
_NOT = re.compile(rf"!|not{_WORD_END}")
_TIED = re.compile(f"tied{_WORD_END}")
_OPEN, _CLOSE = re.compile(r"\("), re.compile(r"\)")
_REGEX = re.compile("re:")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')


def parse(text: str) -> Predicate:
    """The predicate that a selection stands for.

    Raises:
        SelectionError: the text breaks the grammar; its place is underlined.
    """
    scan = Scanner(text)
    predicate = _either(scan, 0)
    if not scan.at_end:
        side_by_side = text[scan.position - 1].isspace() and scan.peek() not in ")<>"
        raise scan.error("'|', '&' or the end", hint=_JOIN if side_by_side else "")
    return predicate


def _either(scan: Scanner, depth: int) -> Predicate:
    found = [_both(scan, depth)]
    while _take(scan, _OR):
        found.append(_both(scan, depth))
    return either(found)


def _both(scan: Scanner, depth: int) -> Predicate:
    found = [_one(scan, depth)]
    while _take(scan, _AND):
        found.append(_one(scan, depth))
    return both(found)


def _one(scan: Scanner, depth: int) -> Predicate:
    start = scan.position
    if depth > _DEEPEST:
        raise scan.complaint(f"nested more than {_DEEPEST} deep", at=start)
    if _take(scan, _NOT):
        return ~_one(scan, depth + 1)
    if _take(scan, _OPEN):
        inside = _either(scan, depth + 1)
        if not _take(scan, _CLOSE):
            raise scan.error("')'")
        return inside
    if _take(scan, _TIED):
        found: Predicate = Tied()
    elif scan.take(_REGEX):
        found = _regex(scan)
    else:
        found = read_field(scan) or read_glob(scan)
    scan.space()
    return found


def _regex(scan: Scanner) -> Regex:
    start = scan.position
    quoted = scan.take(_QUOTED)
    if quoted:
        pattern = _ESCAPE.sub(r"\1", quoted[1])
    else:
        scan.position = unquoted_end(scan.text, start)
        pattern = scan.text[start : scan.position]
    if not pattern:
        raise scan.error("a regular expression", at=start)
    try:
        compiled(pattern)
    except re.error as error:
        place = start + (error.pos or 0) if not quoted else start
        raise scan.complaint(f"no regular expression: {error.msg}", at=place) from None
    return Regex(pattern)


def _take(scan: Scanner, token: re.Pattern[str]) -> bool:
    scan.space()
    return scan.take(token) is not None
