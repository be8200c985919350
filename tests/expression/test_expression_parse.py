"""The white list: what is language, what is refused, and where the error points."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.errors import ParamctlError, SpecError, UsageError
from paramctl.expression.parse import parse
from paramctl.expression.place import Place, argument


def refused(text, mode="expression"):
    with pytest.raises(UsageError) as caught:
        parse(text, argument(), mode)
    return caught.value


REFUSED = {
    "lambda: 1": "a lambda",
    "[i for i in x]": "a comprehension",
    "(i for i in x)": "a comprehension",
    "{1: 2}": "a dictionary",
    "{1, 2}": "a set",
    "f'{x}'": "a formatted string",
    "f(*x)": "a star argument",
    "f(**x)": "a star argument",
    "f((y := 3))": "an assignment inside an expression",
    "1 << 70": "<<",
    "2 ^ 3": "^",
    "await x": "await",
}


@pytest.mark.parametrize("text", REFUSED)
def test_other_syntax_is_refused_by_name(text):
    assert refused(text).problem.startswith(f"{REFUSED[text]} is not part of the language\n")


STATEMENTS = {
    "import os\nreturn 1": "an import",
    "x += 1\nreturn x": "an assignment such as +=",
    "a = b = 1\nreturn a": "a chained assignment",
    "def f(): pass\nreturn 1": "a function definition",
    "x * 2\nreturn x": "a value that nothing takes",
    "for i in x:\n  break\nreturn x": "break",
    "for i in x:\n  y = i\nelse:\n  y = 1\nreturn y": "else after a loop",
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_other_statements_are_refused_by_name(text):
    assert refused(text, "body").problem.startswith(f"{STATEMENTS[text]} is not part of")


@pytest.mark.parametrize("text", ["__import__('os')", "x.__class__", "f(__x=1)", "x.__dict__.y"])
def test_names_with_two_leading_underscores_are_out_of_reach(text):
    assert "can't be reached" in refused(text).problem


def test_an_argument_shows_its_text_underlined():
    error = refused("where(x > 0, lambda: 1, 0)")
    assert str(error) == (
        "a lambda is not part of the language\n"
        "    where(x > 0, lambda: 1, 0)\n"
        "                 ^^^^^^^^^"
    )


def test_a_file_shows_its_line_and_the_column_in_it():
    lines = ("name: net", "blocks:", "  forward: |", "    h = x", "    return h ^ 2")
    place = Place("net.yaml", 4, 5, 4, lines)
    with pytest.raises(SpecError) as caught:
        parse("h = x\nreturn h ^ 2", place, "body")
    assert str(caught.value) == (
        "net.yaml:5:12: ^ is not part of the language\n"
        "     5 |     return h ^ 2\n"
        "       |            ^^^^^"
    )
    assert caught.value.hint == "a power is written **"


def test_columns_are_counted_in_characters_after_accents():
    assert refused("é + (1 << 2)").problem.endswith("\n    é + (1 << 2)\n         ^^^^^^")


def test_blanks_in_front_move_the_place():
    with pytest.raises(SpecError) as caught:
        parse("\n\n  1 << 2", Place("a.yaml", 3, 1, 0))
    assert caught.value.where == "a.yaml:5:3"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected an expression, found nothing"),
        ("# only a remark", "expected an expression, found nothing"),
        ("a = 1", "expected an expression, found a statement"),
        ("a; b", "one expression is expected here, found more"),
        ("f(", "'(' was never closed"),
        ("x\0y", "there is a NUL character in it"),
        ("x + \udcff", "a character in it is no text"),
    ],
)
def test_what_is_no_expression_is_said(text, problem):
    assert refused(text).problem.split("\n")[0] == problem


@pytest.mark.parametrize(
    "text",
    ["(" * 5000 + "1" + ")" * 5000, "-" * 15_000 + "1", "1+" * 5000 + "1", "9" * 5000, "1" * 30_000,
     "[" * 9000, "a." * 9000 + "b", "not " * 4000 + "x", "x[" * 3000 + "]" * 3000],
)  # fmt: skip
def test_texts_that_are_too_much_are_refused_and_crash_nothing(text):
    refused(text)


def test_a_body_must_return():
    error = refused("y = 1", "body")
    assert (error.problem.split("\n")[0], error.hint) == (
        "nothing is returned",
        "end with return …",
    )


def test_a_script_is_assignments_and_a_value():
    assert parse("u = 3; v = u * 2; v - u", argument(), "script").evaluate({}) == 3
    assert "only assignments" in refused("while 1: x = 2\nx", "script").problem


def test_the_names_a_text_reads_and_writes_are_known():
    code = parse("h, k = f(x)\nreturn h + k", argument(), "body")
    assert code.names == {"f", "x", "h", "k"}
    assert list(code.assigned) == ["h", "k"]


@settings(max_examples=60)
@given(st.text(alphabet="ab1.+-*/()[],:='\"_ \n\\{}!<>#@é", max_size=60))
def test_any_text_is_code_or_an_error_of_ours(text):
    for mode in ("expression", "script", "body"):
        with contextlib.suppress(ParamctlError):
            parse(text, argument(), mode)
