"""Values of expressions over given names, and the bounds that hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.errors import UsageError
from paramctl.expression.errors import LanguageError
from paramctl.expression.parse import parse
from paramctl.expression.place import Place, argument


class Child:
    """An object that opts in to everything."""

    def __repr__(self):
        return "child"

    def language_attribute(self, name):
        if name == "weight":
            return 7
        raise LanguageError(f"child has no '{name}'", hint="it has weight")

    def language_item(self, index):
        return index

    def language_call(self, x, *, scale=1):
        return x * scale

    def language_items(self):
        return [1, 2, 3]


def value(text, **scope):
    return parse(text, argument()).evaluate(scope, {"twice": lambda x: 2 * x})


def problem(text, **scope):
    with pytest.raises(UsageError) as caught:
        value(text, **scope)
    return caught.value


PYTHON = [
    "1 + 2 * 3 - 4 / 5", "7 // 2", "-7 // 2", "7 % 3", "2 ** 10", "-2 ** 2", "1 < 2 <= 2 != 3",
    "not 0", "1 and 2", "0 or 3", "1 if 2 > 1 else 0", "(1, 2, 3)[1]", "[1, 2, 3][-1]",
    "[1, 2, 3, 4][1:3]", "(1, 2) + (3,)", "[1] + [2]", "3 in (1, 2, 3)", "'a' not in ['b']",
    "'a' == 'a'", "None is None", "len((1, 2))", "int(3.7)", "float(2)", "sum", "range(2, 8, 3)[1]",
    "'gelu' == 'relu'", "1.5e3", "~True",
]  # fmt: skip


@pytest.mark.parametrize("text", [text for text in PYTHON if text not in ("sum", "~True")])
def test_expressions_mean_what_they_mean_in_python(text):
    assert value(text) == eval(text)


@settings(max_examples=50)
@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9))
def test_whole_numbers_follow_python(a, b, c):
    text = "(a - b) * c // c + a % c - -b"
    assert value(text, a=a, b=b, c=c) == (a - b) * c // c + a % c - -b


def test_objects_are_reached_only_by_what_they_offer():
    child = Child()
    assert value("child.weight + child[3] + child(2, scale=5)", child=child) == 20
    assert value("len(child)", child=child) == 3
    assert problem("child.__class__", child=child).problem.startswith(
        "'__class__' can't be reached"
    )


def test_an_object_that_does_not_opt_in_offers_nothing():
    assert problem("x.a", x=object).problem.split("\n")[0].endswith("has no attributes")
    assert problem("x()", x=object).problem.split("\n")[0].endswith("can't be called")
    assert problem("x[0]", x={"a": 1}).problem.split("\n")[0] == "a map can't be indexed"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'a' + 'b'", "+ is not for the text 'a'"),
        ("'a' * 3", "* is not for the text 'a'"),
        ("'%s' % 3", "% is not for the text '%s'"),
        ("'abc'[0]", "the text 'abc' can't be indexed"),
        ("'a' < 'b'", "< is not for the text 'a'"),
        ("'a' in 'abc'", "the text 'abc' has no parts to go through"),
        ("'a'.upper()", "the text 'a' has no attributes"),
        ("[0] * 1000000000", "* is not for a list"),
        ("9**9**9", "an exponent of 387420489 (int) is more than 64"),
        ("2**64 * 2**64 * 2", "the result is a whole number beyond 2**128"),
        ("range(10**9)", "a range of more than 10000 numbers"),
        ("1 / 0", "1 / 0: division by zero"),
        ("1e308 ** 2", "1e+308 ** 2: (34, 'numerical result out of range')"),
        ("None + 1", "+ is not for None"),
        ("1 is 1", "'is' compares with None"),
        ("(1, 2)[5]", "no place 5 in 2 values"),
        ("(1, 2)['a']", "a tuple is indexed by a whole number, not the text 'a'"),
        ("(1, 2)[0:1:0]", "no place slice(0, 1, 0) in 2 values"),
        ("twice(1, 2)", "twice: too many positional arguments"),
        ("zip((1, 2), (3,))", "zip of 2, 1 values"),
        ("int('3')", "int takes a number, not the text '3'"),
        ("1 < None", "< is not for None"),
        ("~1.5", "~ is not for 1.5 (float)"),
    ],
)
def test_what_can_not_be_is_said(text, message):
    assert problem(text).problem.split("\n")[0] == message


def test_the_innermost_place_is_underlined():
    error = problem("1 + twice(3) * (2 - width)", widht=3)
    assert str(error) == (
        "'width' is not known here\n    1 + twice(3) * (2 - width)\n                        ^^^^^"
    )
    assert error.hint == "did you mean widht?"


def test_a_mistake_in_built_in_text_goes_to_whoever_called_it():
    code = parse("x + 'a'", Place("Linear.yaml", is_builtin=True))
    with pytest.raises(LanguageError) as caught:
        code.evaluate({"x": 1})
    assert caught.value.message == "+ is not for the text 'a'"


def test_a_mistake_of_ours_is_not_blamed_on_the_text():
    """A TypeError inside a function that took its arguments is a bug, not a wrong call."""

    def broken():
        return len(3)

    with pytest.raises(TypeError, match="has no len"):
        parse("broken()", argument()).evaluate({}, {"broken": broken})


def test_branches_not_taken_are_not_evaluated():
    assert value("1 if True else nowhere") == 1
    assert value("True or nowhere") is True
    assert value("False and nowhere") is False
