"""Laws of selections: printing and reading, negation, De Morgan; globs beside a slow matcher."""

import functools

from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.manifest import Entry, Manifest
from paramctl.select.fields import Compare, Named, Tied, Within
from paramctl.select.glob import Glob
from paramctl.select.grammar import parse
from paramctl.select.pieces import (
    Choice,
    Class,
    Numbers,
    One,
    Star,
    Text,
    numbers,
)
from paramctl.select.predicate import Predicate
from paramctl.select.regex import Regex
from paramctl.select.vocabulary import Vocabulary

FEW = settings(max_examples=60, deadline=None)

texts = st.text(st.characters(exclude_characters="."), min_size=1, max_size=4) | st.sampled_from(
    ["a", "b", "and", "or", "not", "tied", "weight", "re:", "layer:1", " ", '"', "\\"]
)
few_numbers = st.builds(
    lambda low, more: Numbers(low, low + more), st.integers(0, 300), st.integers(0, 4)
)
plain_pieces = (
    st.builds(Text, texts)
    | st.just(Star())
    | st.just(One())
    | st.builds(Class, st.sampled_from(["a-c", "]x", "x-", "_"]), st.booleans())
)


def merged(pieces):
    """Without two texts side by side, which read back as one."""
    out = []
    for piece in pieces:
        if isinstance(piece, Text) and out and isinstance(out[-1], Text):
            out[-1] = Text(out[-1].text + piece.text)
        elif not (isinstance(piece, Star) and out and isinstance(out[-1], Star)):
            out.append(piece)
    return tuple(out)


sequences = st.lists(plain_pieces, max_size=3).map(merged)
ranges = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted)
pieces = (
    plain_pieces
    | st.builds(Choice, st.lists(sequences, min_size=1, max_size=3).map(tuple))
    | few_numbers
)
segments = st.none() | st.lists(pieces, min_size=1, max_size=3).map(merged)
globs = st.builds(
    Glob, st.lists(segments, min_size=1, max_size=3).map(tuple), st.booleans(), st.booleans()
)
whole_globs = st.builds(
    Glob, st.lists(texts.map(lambda t: (Text(t),)), min_size=1, max_size=2).map(tuple),
    st.just(True), st.just(True),
)  # fmt: skip
ends = st.none() | st.integers(0, 20)
fields = (
    st.builds(
        Compare,
        st.sampled_from(["ndim", "numel", "nbytes", "layer", "shard"]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.integers(0, 10**12),
    )
    | st.builds(Within, st.just("layer"), st.integers(-9, -5), st.none() | st.integers(-4, -1))
    | st.builds(Within, st.just("numel"), st.integers(0, 9), st.none() | st.integers(9, 10**9))
    | st.builds(Named, st.sampled_from(["type", "role"]), whole_globs)
    | st.just(Tied())
)
regexes = st.builds(
    Regex,
    st.sampled_from([".*", "a|b", "(a b)", "a\\.b", '"', "[a )]x", "\\)", "a\\ b", "x y", "\\\\"]),
)
leaves = globs | fields | regexes


def combined(inner):
    return (
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1])
        | st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1])
        | inner.map(lambda one: ~one)
    )


predicates = st.recursive(leaves, combined, max_leaves=6)

NAMES = [
    "a",
    "a.b",
    "h.1.weight",
    "h.11.weight",
    "x.h.1.bias",
    "ab",
    "",
    "a b.c",
    "h.2.and",
    "h..b",
]
MANIFEST = Manifest(
    Entry(name, "F32", (number,), module_type="Linear", tied_to="a" if name == "ab" else None)
    for number, name in enumerate(NAMES)
)


def chosen(predicate: Predicate) -> set[str]:
    test = predicate.bind(Vocabulary(MANIFEST))
    return {entry.name for entry in MANIFEST if test(entry)}


@FEW
@given(predicates)
def test_what_is_printed_reads_back_as_the_same(predicate):
    assert parse(str(predicate)) == predicate


@FEW
@given(predicates)
def test_twice_negated_is_the_same(predicate):
    assert parse(f"!!({predicate})") == predicate


@FEW
@given(predicates, predicates)
def test_de_morgan(p, q):
    assert chosen(~(p & q)) == chosen(~p | ~q)
    assert chosen(~(p | q)) == chosen(~p & ~q)


@FEW
@given(predicates)
def test_nothing_is_selected_and_not_selected(p):
    assert chosen(p & ~p) == set()
    assert chosen(p | ~p) == set(NAMES)


def slow_segment(pieces, text) -> bool:
    """Whether pieces match a segment, by trying everything."""
    if not pieces:
        return text == ""
    first, rest = pieces[0], pieces[1:]
    match first:
        case Text(word):
            return text.startswith(word) and slow_segment(rest, text[len(word) :])
        case Star():
            return any(slow_segment(rest, text[end:]) for end in range(len(text) + 1))
        case One():
            return text != "" and slow_segment(rest, text[1:])
        case Class():
            return text != "" and (
                any(low <= text[0] <= high for low, high in first.ranges) != first.negated
            ) and slow_segment(rest, text[1:])  # fmt: skip
        case Choice(alternatives):
            return any(slow_segment((*one, *rest), text) for one in alternatives)
        case Numbers(low, high):
            return any(
                text[:end].isdecimal() and str(int(text[:end])) == text[:end]
                and low <= int(text[:end]) <= high and slow_segment(rest, text[end:])
                for end in range(1, len(text) + 1)
            )  # fmt: skip
    raise AssertionError(first)


def slow_glob(glob: Glob, name: str) -> bool:
    """Whether a glob fits a name, by trying everything."""
    wanted = [*([] if glob.from_start else [None]), *glob.segments,
              *([] if glob.to_end else [None])]  # fmt: skip
    parts = name.split(".")

    @functools.cache
    def fits(i: int, j: int) -> bool:
        if i == len(wanted):
            return j == len(parts)
        if wanted[i] is None:
            return fits(i + 1, j) or (j < len(parts) and fits(i, j + 1))
        return j < len(parts) and slow_segment(wanted[i], parts[j]) and fits(i + 1, j + 1)

    return fits(0, 0)


small_texts = st.text("ab1", min_size=1, max_size=2)
small = (
    st.builds(Text, small_texts) | st.just(Star()) | st.just(One())
    | st.builds(Class, st.sampled_from(["a", "a1"]), st.booleans())
)  # fmt: skip
small_pieces = (
    small
    | st.builds(
        Choice,
        st.lists(st.lists(small, max_size=2).map(merged), min_size=1, max_size=3).map(tuple),
    )
    | few_numbers
)
small_globs = st.builds(
    Glob,
    st.lists(st.none() | st.lists(small_pieces, min_size=1, max_size=4).map(merged),
             min_size=1, max_size=4).map(tuple),
    st.booleans(),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(small_globs, st.lists(st.text("ab1", max_size=4), min_size=1, max_size=4).map(".".join))
def test_a_glob_matches_what_a_slow_matcher_matches(glob, name):
    assert glob.matches(name) == slow_glob(glob, name)


@settings(max_examples=100, deadline=None)
@given(ranges, st.integers(0, 3100))
def test_a_range_of_numbers_is_the_numbers_between(ends, number):
    import re

    low, high = ends[0] * 10, ends[1] * 10
    found = re.fullmatch(numbers(low, high), str(number))
    assert bool(found) == (low <= number <= high)


def test_a_range_with_leading_zeros_has_them_all():
    glob = parse("{008..011}")
    assert [n for n in ("8", "008", "09", "010", "011", "012") if glob.matches(n)] == [
        "008", "010", "011",
    ]  # fmt: skip
