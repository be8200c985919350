"""The rules of the selection grammar for fields; ``grammar`` has the whole of it.

    field    = NUMBERS ":" range | NUMBERS ("<" | "<=" | ">" | ">=") number | WORDS ":" glob
             | "shard:" glob
    range    = number | [number] ".." [number]
    number   = DIGITS ["." DIGITS] ["e" DIGITS] [unit]     below zero only for layers
    NUMBERS  = "ndim" | "numel" | "nbytes" | "layer" | "shard"
    WORDS    = "dtype" | "kind" | "type" | "role"

Units of numel are k, M, G (or B) and T; of nbytes also KiB, MiB, GiB, TiB and kB, MB, GB, TB.
"""

import re
from fractions import Fraction

from paramctl.dtypes import parse_dtype
from paramctl.errors import UsageError
from paramctl.names import near, show
from paramctl.select.fields import FIELDS, KINDS, NUMBERS, WORDS, Compare, Named, Within
from paramctl.select.glob import Glob
from paramctl.select.glob_text import read_glob
from paramctl.select.pieces import Text
from paramctl.select.predicate import Predicate
from paramctl.select.scan import Scanner

_FIELD = re.compile(rf"([A-Za-z_]\w*)(\s*(?:<=|>=|<|>)\s*|:\s*)|({'|'.join(FIELDS)})\s*(?===?)")
_NUMBER = re.compile(r"(-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE]\+?[0-9]{1,2})?)([A-Za-z]*)")
_DOTS = re.compile(r"\.\.")


def read_field(scan: Scanner) -> Predicate | None:
    """The test of a field that begins here; ``None`` where none does.

    Raises:
        SelectionError: there is no such field, or its value can't be.
    """
    start = scan.position
    match = scan.take(_FIELD)
    if not match:
        return None
    if match[3]:
        raise scan.error("':'", found="'='", hint=f"{match[3]}:VALUE means equal")
    field, relation = match[1], match[2].strip()
    if field not in FIELDS:
        similar = near(field, FIELDS)
        raise scan.complaint(
            f"no field named '{show(field)}'",
            at=start,
            hint=f"did you mean {similar[0]}?"
            if similar
            else f"fields are {', '.join(FIELDS)}; put quotes around a name with ':' or '<' in it",
        )
    if field == "tied" or (field in WORDS and relation != ":"):
        raise scan.error(
            f"'{field}' alone" if field == "tied" else "':'",
            at=start + len(field),
            found=f"'{relation}'",
        )
    if field in WORDS or (field == "shard" and _is_word(scan)):
        return _named(scan, field)
    if relation != ":":
        return Compare(field, relation, _number(scan, field))
    return _range(scan, field)


def _is_word(scan: Scanner) -> bool:
    return not scan.at_end and scan.peek() not in "-.0123456789"


def _named(scan: Scanner, field: str) -> Named:
    start = scan.position
    pattern = read_glob(scan)
    if pattern.from_start or pattern.to_end:
        raise scan.complaint(f"a {field} fits as a whole anyway: no ^ and $ here", at=start)
    word = _literal(pattern)
    if word is not None and field == "dtype":
        try:
            word = parse_dtype(word).name
        except UsageError as error:
            raise scan.complaint(error.problem, at=start, hint=error.hint) from None
        pattern = Glob(((Text(word),),))
    elif word is not None and field == "kind" and word not in KINDS:
        raise scan.error(f"one of {', '.join(KINDS)}", at=start, found=f"'{show(word)}'")
    return Named(field, Glob(pattern.segments, True, field != "shard"))


def _literal(pattern: Glob) -> str | None:
    """The word that a pattern without wildcards stands for."""
    match pattern.segments:
        case ((Text(word),),):
            return word
    return None


def _range(scan: Scanner, field: str) -> Within:
    start = scan.position
    low = None if scan.take(_DOTS) else _number(scan, field)
    is_open = low is None or scan.take(_DOTS) is not None
    if not is_open:
        return Within(field, low, low)
    high = _number(scan, field) if re.match(r"[-0-9]", scan.peek()) else None
    if low is not None and high is not None and low > high and (low < 0) == (high < 0):
        raise scan.complaint("an empty range: write the lower end first", at=start)
    return Within(field, low, high)


def _number(scan: Scanner, field: str) -> int:
    start, units = scan.position, NUMBERS[field]
    match = scan.take(_NUMBER)
    if not match:
        raise scan.error("a number")
    if match[2].lower() not in units:
        wanted = "k, M, G or T" if field == "numel" else "KiB, MiB, GiB, k, M or G"
        raise scan.error(
            f"one of the units {wanted}" if len(units) > 1 else "a number without a unit",
            at=match.start(2),
        )
    value = Fraction(match[1]) * units[match[2].lower()]
    if value.denominator != 1:
        raise scan.complaint(f"'{match[0]}' is no whole number", at=start)
    if value < 0 and field != "layer":
        raise scan.complaint(f"{field} is never below zero", at=start)
    return int(value)
