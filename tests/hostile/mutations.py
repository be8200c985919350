"""Files of the corpus with a few changes: of JSON tokens, of bytes, of the length, of the data."""

import re
from collections.abc import Iterator
from functools import cache

import make_hostile
from hostile.dice import Dice

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9.eE+]+|[{}\[\]:,]|\s+|[^\s{}\[\]:,"]+')
_WORDS = [
    b"0", b"1", b"2", b"3", b"4", b"5", b"8", b"16", b"-0", b"-1", b"1.0", b"1e0", b"01", b"1e400",
    b"9223372036854775808", b"18446744073709551615", b"18446744073709551616", b"4294967296",
    b"null", b"true", b"false", b"NaN", b"Infinity", b"{}", b"[]", b'""', b'"a"', b'"b"', b'"F32"',
    b'"U8"', b'"F4"', b'"BOOL"', b'"F8_E5M2"', b'"dtype"', b'"shape"', b'"data_offsets"',
    b'"__metadata__"', b'"\\u0061"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xc3\xa9"', b"\xff",
    b"\0", b" ", b"\n", b"\t", b",", b":", b"[", b"]", b"{", b"}", b'{"F32":null}', b"//",
    b'["U8",[1],[0,1]]', b'"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},',
    b'"__metadata__":null,', b'"__metadata__":{"a":"b"},', b'"extra":{"a":[1,2,{"b":-0}]},',
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b'"\\x41"', b'"\\/"',
    b"[" * 65 + b"]" * 65, b"9" * 5000, b"0.1", b"-1e-400", b"+1", b".5", b"1.", b"'a'", b"/**/",
    b'"\\u00"', b'"\x01"', b'"\x7f"', b"\x0c", b"\xc2\xa0", b"\xe2\x80\xa8", b'"shape":[],',
]  # fmt: skip
_LONGEST = 4096  # of a corpus file that is taken as a start
_SHIFTS = (-1, 1, 2**63, -(2**62))


class Corpus:
    """The starts: each file's tokens, and the data behind its header."""

    def __init__(self) -> None:
        self.whole: list[bytes] = []
        self.parts: list[tuple[list[bytes], bytes]] = []
        for case in make_hostile.cases():
            content = case.content
            if len(content) > _LONGEST:
                continue
            length = int.from_bytes(content[:8], "little")
            if len(content) < 9 or length > len(content) - 8:
                self.whole.append(content)
            else:
                tokens = _TOKEN.findall(content[8 : 8 + length])
                self.parts.append((tokens, content[8 + length :]))

    def mutants(self, dice: Dice) -> Iterator[bytes]:
        """Some files around one start, with up to four changes each."""
        if dice.chance(0.05):
            yield _bytes_changed(dice.pick(self.whole), dice)
            return
        start, data = dice.pick(self.parts)
        for _ in range(4):
            yield _changed(start, data, dice)


@cache
def corpus() -> Corpus:
    """The starts, cut into tokens once."""
    return Corpus()


def _changed(start: list[bytes], data: bytes, dice: Dice) -> bytes:
    tokens = list(start)
    for _ in range(1 + dice.below(3)):
        _change_token(tokens, dice)
    header = b"".join(tokens)
    if dice.chance(0.25):
        header = _bytes_changed(header, dice)
    if dice.chance(0.1):
        data = data[: dice.below(len(data) + 1)] + bytes(dice.below(5))
    size = len(header) + (dice.pick(_SHIFTS) if dice.chance(0.02) else 0)
    return max(0, size).to_bytes(8, "little") + header + data


def _change_token(tokens: list[bytes], dice: Dice) -> None:
    if not tokens:
        tokens.append(dice.pick(_WORDS))
        return
    place, other = dice.below(len(tokens)), dice.below(len(tokens))
    match dice.below(7):
        case 0:
            tokens[place] = dice.pick(_WORDS)
        case 1:
            tokens.insert(place, dice.pick(_WORDS))
        case 2:
            del tokens[place]
        case 3:
            tokens[place], tokens[other] = tokens[other], tokens[place]
        case 4:
            tokens[place:place] = tokens[min(place, other) : max(place, other)]
        case 5:
            tokens[place] = tokens[other]
        case _:
            numbers = [at for at, token in enumerate(tokens) if token.isdigit()]
            if numbers:
                at = dice.pick(numbers)
                tokens[at] = b"%d" % max(0, int(tokens[at][:30]) + dice.pick((-1, 1, 4)))


def _bytes_changed(content: bytes, dice: Dice) -> bytes:
    changed = bytearray(content or b"\0")
    place = dice.below(len(changed))
    match dice.below(3):
        case 0:
            changed[place] ^= 1 << dice.below(8)
        case 1:
            changed.insert(place, dice.below(256))
        case _:
            del changed[place]
    return bytes(changed)
