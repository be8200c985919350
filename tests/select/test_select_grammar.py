"""What can be written as a selection, and what is said about what can't."""

import pytest

from paramctl.errors import SelectionError
from paramctl.select.grammar import parse


def refused(text: str) -> str:
    """The whole text of the error, with its hint."""
    with pytest.raises(SelectionError) as caught:
        parse(text)
    return f"{caught.value}\nhint: {caught.value.hint}" if caught.value.hint else str(caught.value)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("a.b", "a.b"),
        ("^a.**.b$", "^a.**.b$"),
        ("layers.{0..3}.{q,k,v}_proj", "layers.{0..3}.{q,k,v}_proj"),
        ("w[0-9]?*", "w[0-9]?*"),
        ("[^a]x", "[!a]x"),
        ('"0.block 1.0.bias"', '0."block 1".0.bias'),
        ('0."block 1".*', '0."block 1".*'),
        (r'"a\"b\\c"', r'"a\"b\\c"'),
        ('"and"', '"and"'),
        ('"tied" | tied', '"tied" | tied'),
        ("a or b and not c", "a | b & !c"),
        ("a|b&!c", "a | b & !c"),
        ("(a | b) & c", "(a | b) & c"),
        ("!(a | b)", "!(a | b)"),
        ("!!a", "a"),
        ("not(a)", "!a"),
        ("nothing.or.android", "nothing.or.android"),
        ("dtype:bf16", "dtype:BF16"),
        ("dtype:bfloat16", "dtype:BF16"),
        ("dtype:F8_*", "dtype:F8_*"),
        ("ndim:2", "ndim:2"),
        ("numel > 1e6", "numel>1000000"),
        ("numel:1.5k..2M", "numel:1500..2000000"),
        ("nbytes>=1MiB", "nbytes>=1048576"),
        ("nbytes<2GB", "nbytes<2000000000"),
        ("layer:8..15", "layer:8..15"),
        ("layer:-2..", "layer:-2.."),
        ("layer:..-2", "layer:..-2"),
        ("layer:..", "layer:.."),
        ("layer<=-3", "layer<=-3"),
        ("shard:3", "shard:3"),
        ("shard:model-*.safetensors", "shard:model-*.safetensors"),
        ("kind:buffer", "kind:buffer"),
        ("type:*Norm", "type:*Norm"),
        ("role:norm", "role:norm"),
        (r"re:.*\.(q|v)_proj\.weight", r"re:.*\.(q|v)_proj\.weight"),
        ("re:(a|b) | c", "re:(a|b) | c"),
        ("(re:a(b)) & c", "re:a(b) & c"),
        ('re:"a b"', 're:"a b"'),
        (r're:"\d \\d \" ]"', r're:"\\d \\d \" ]"'),
        (r"re:a\ b[ )]", r"re:a\ b[ )]"),
        ("{00..12}", "{00..12}"),
        ('{a,"b,c",*d}', '{a,"b,c",*d}'),
        ("é.ж", '"é"."ж"'),
    ],
)
def test_what_can_be_written_prints_as(text, spelled):
    """A selection prints in its canonical spelling, which reads back as the same selection."""
    assert str(parse(text)) == spelled
    assert parse(spelled) == parse(text)


def test_and_binds_tighter_than_or_and_not_tightest():
    assert parse("!a & b | c") == ((~parse("a") & parse("b")) | parse("c"))


JOIN = "hint: join patterns with | (either) or & (both); put quotes around a name with spaces"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "expected a pattern, found the end\n    \n    ^"),
        (
            "enc.* & ) *.bias",
            "expected a pattern, found ')'\n    enc.* & ) *.bias\n            ^",
        ),
        ("a b", f"expected '|', '&' or the end, found 'b'\n    a b\n      ^\n{JOIN}"),
        ("a | b c", f"expected '|', '&' or the end, found 'c'\n    a | b c\n          ^\n{JOIN}"),
        ("a)", "expected '|', '&' or the end, found ')'\n    a)\n     ^"),
        ("a^b", "expected '|', '&' or the end, found '^b'\n    a^b\n     ^"),
        ("(a", "expected ')', found the end\n    (a\n      ^"),
        ("a &", "expected a pattern, found the end\n    a &\n       ^"),
        ("^", "expected a pattern, found the end\n    ^\n     ^"),
        ("a**", "'**' stands for whole segments: put it between dots\n    a**\n     ^"),
        ("[a", "expected a closing ']', found the end\n    [a\n      ^"),
        ("x[]", "expected a character, found ']'\n    x[]\n      ^"),
        ("[z-a]", "'z-a' is an empty range\n    [z-a]\n    ^"),
        ("{a", "expected ',' or '}', found the end\n    {a\n      ^"),
        (
            "{a.b}",
            "expected ',' or '}', found '.b}'\n    {a.b}\n      ^\n"
            "hint: braces stay within one segment: join patterns with |",
        ),
        ("{a,{b}}", "expected ',' or '}', found '{b}}'\n    {a,{b}}\n       ^\n"
                    "hint: braces don't nest"),
        ('{"a.b"}', 'braces stay within one segment: no dot in them\n    {"a.b"}\n     ^'),
        ("{3..1}", "'{3..1}' is an empty range: write the lower end first\n    {3..1}\n    ^"),
        (
            "*{1..10000}*",
            "several * and braces in one segment stand for more than 1,000 patterns\n"
            "    *{1..10000}*\n    ^",
        ),
        ('"a', "expected a closing '\"', found the end\n    \"a\n      ^"),
        (r'"a\n"', 'expected \\" or \\\\, found \'\\n\'\n    "a\\\\n"\n      ^'),
        ("re:", "expected a regular expression, found the end\n    re:\n       ^"),
        (
            "re:a(b",
            "no regular expression: missing ), unterminated subpattern\n    re:a(b\n        ^",
        ),
        (
            "re:a{1,99999999999}",
            "no regular expression: a repetition count is too large\n"
            "    re:a{1,99999999999}\n       ^",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_underlined(text, error):
    assert refused(text) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("dtyp:f32", "no field named 'dtyp'\n    dtyp:f32\n    ^\nhint: did you mean dtype?"),
        (
            "C:x",
            "no field named 'C'\n    C:x\n    ^\nhint: fields are ndim, numel, nbytes, layer, "
            "shard, dtype, kind, type, role, tied; put quotes around a name with ':' or '<' in it",
        ),
        ("numel=5", "expected ':', found '='\n    numel=5\n         ^\n"
                    "hint: numel:VALUE means equal"),
        ("dtype<f32", "expected ':', found '<'\n    dtype<f32\n         ^"),
        ("tied:3", "expected 'tied' alone, found ':'\n    tied:3\n        ^"),
        ("numel>x", "expected a number, found 'x'\n    numel>x\n          ^"),
        ("numel>1.5", "'1.5' is no whole number\n    numel>1.5\n          ^"),
        ("numel>-1", "numel is never below zero\n    numel>-1\n          ^"),
        ("ndim:2k", "expected a number without a unit, found 'k'\n    ndim:2k\n          ^"),
        (
            "numel>1MiB",
            "expected one of the units k, M, G or T, found 'MiB'\n    numel>1MiB\n           ^",
        ),
        (
            "nbytes>1XB",
            "expected one of the units KiB, MiB, GiB, k, M or G, found 'XB'\n"
            "    nbytes>1XB\n            ^",
        ),
        (
            "layer:5..2",
            "an empty range: write the lower end first\n    layer:5..2\n          ^",
        ),
        (
            "kind:weight",
            "expected one of parameter, buffer, constant, found 'weight'\n"
            "    kind:weight\n         ^",
        ),
        ("type:^Linear", "a type fits as a whole anyway: no ^ and $ here\n"
                         "    type:^Linear\n         ^"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_underlined(text, error):
    assert refused(text) == error


def test_a_dtype_that_does_not_exist_is_underlined_and_all_are_named():
    assert refused("dtype:bf17").startswith(
        "no dtype named 'bf17'\n    dtype:bf17\n          ^\nhint: dtypes are BF16, BOOL, C64,"
    )


def test_a_long_selection_is_shown_around_the_mistake():
    excerpt = refused("a" * 200 + " b").splitlines()[1:3]
    assert excerpt == ["    …" + "a" * 29 + " b", "    " + " " * 31 + "^"]


def test_hostile_text_is_escaped_and_the_caret_still_fits():
    assert refused("\x1b\u202e )") == (
        "expected '|', '&' or the end, found ')'\n    \\x1b\\u{202e} )\n                 ^"
    )


@pytest.mark.parametrize("text", ["(" * 100_000, "!" * 100_000, "re:" + "(" * 9000, "!(" * 5000])
def test_no_depth_is_too_deep_to_be_refused(text):
    assert "\n    " in refused(text)


def test_ten_thousand_patterns_are_no_problem():
    text = " | ".join(f"a{n}" for n in range(10_000))
    assert str(parse(text)) == text
