"""Break headers at random and compare with the reference reader.

python tests/hostile/fuzz.py --count N --seed S
"""

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).parents[2]
    sys.path[:0] = [str(root / "tests"), str(root / "fixtures")]

import make_hostile
from hostile import verdict
from hostile.layouts import near_layout

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
]  # fmt: skip


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Files built nearly right, and those of fixtures/hostile with up to four changes."""
    draw = random.Random(seed)
    seeds = [case.content for case in make_hostile.cases() if len(case.content) < 4096]
    for _ in range(count):
        if draw.random() < 0.6:
            yield near_layout(draw)
            continue
        content = draw.choice(seeds)
        length = int.from_bytes(content[:8], "little")
        if len(content) < 9 or length > len(content) - 8:
            yield _bytes_changed(content, draw)
            continue
        header, data = content[8 : 8 + length], content[8 + length :]
        for _ in range(draw.randint(1, 4)):
            header = draw.choice((_token_changed, _token_changed, _bytes_changed))(header, draw)
        if draw.random() < 0.1:
            data = data[: draw.randint(0, len(data))] + bytes(draw.randint(0, 4))
        size = len(header) + (draw.choice((-1, 1, 2**63)) if draw.random() < 0.02 else 0)
        yield max(0, size).to_bytes(8, "little") + header + data


def _token_changed(header: bytes, draw: random.Random) -> bytes:
    tokens = _TOKEN.findall(header)
    if not tokens:
        return draw.choice(_WORDS)
    place, other = draw.randrange(len(tokens)), draw.randrange(len(tokens))
    match draw.randrange(6):
        case 0:
            tokens[place] = draw.choice(_WORDS)
        case 1:
            tokens.insert(place, draw.choice(_WORDS))
        case 2:
            del tokens[place]
        case 3:
            tokens[place], tokens[other] = tokens[other], tokens[place]
        case 4:
            tokens[place:place] = tokens[min(place, other) : max(place, other)]
        case _:
            numbers = [i for i, token in enumerate(tokens) if token.isdigit()]
            if numbers:
                where = draw.choice(numbers)
                tokens[where] = b"%d" % max(0, int(tokens[where][:30]) + draw.choice((-1, 1, 4)))
    return b"".join(tokens)


def _bytes_changed(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content or b"\0")
    place = draw.randrange(len(changed))
    match draw.randrange(3):
        case 0:
            changed[place] ^= 1 << draw.randrange(8)
        case 1:
            changed.insert(place, draw.randrange(256))
        case _:
            del changed[place]
    return bytes(changed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each contradiction, and how many files were tried; 1 when there was one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    started, wrong = time.perf_counter(), 0
    for content in mutants(options.count, options.seed):
        if problem := verdict.contradiction(content):
            wrong += 1
            print(f"{problem}\n  {content!r}")
    seconds = time.perf_counter() - started
    print(f"{options.count} files in {seconds:.1f} s, {wrong} contradictions")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
