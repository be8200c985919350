"""The lines of a forward: names, branches and bounded loops."""

import pytest

from paramctl.errors import UsageError
from paramctl.expression.errors import LanguageError
from paramctl.expression.parse import parse
from paramctl.expression.place import argument


class Value:
    """Stands for a tensor: it has a form and, unless only shapes are known, numbers."""

    def __init__(self, shape=(), dtype="float32", number=None):
        self.shape, self.dtype, self.number = shape, dtype, number

    def __repr__(self):
        return f"{list(self.shape)} {self.dtype}"

    def __bool__(self):
        raise LanguageError("a tensor is neither true nor false", hint="use where(…)")

    def language_attribute(self, name):
        return getattr(self, name)

    def language_condition(self):
        return None if self.number is None else self.number > 1

    def half(self):
        return Value(self.shape, self.dtype, None if self.number is None else self.number / 2)


FUNCTIONS = {"half": Value.half, "wider": lambda x: Value((*x.shape, 2), x.dtype, x.number)}


def run(text, **scope):
    return parse(text, argument(), "body").evaluate(scope, FUNCTIONS)


def problem(text, **scope):
    with pytest.raises(UsageError) as caught:
        run(text, **scope)
    return caught.value


def test_if_takes_one_branch_and_its_names_stay():
    text = "if n > 2:\n  a = 1\nelif n > 1:\n  a = 2\nelse:\n  a = 3\nreturn a"
    assert [run(text, n=n) for n in (3, 2, 1)] == [1, 2, 3]


def test_for_goes_through_lists_and_ranges():
    text = "total = 0\nfor i, j in enumerate((4, 5)):\n  total = total + i * j\nreturn total"
    assert run(text) == 5
    assert run("t = 0\nfor i in range(5):\n  t = t + i\nreturn t") == 10


def test_tuples_come_apart_by_their_length():
    assert run("a, (b, c) = 1, (2, 3)\nreturn c - a * b") == 1
    assert problem("a, b = 1, 2, 3\nreturn a").problem.split("\n")[0] == "2 names for 3 values"
    assert problem("a, b = n\nreturn a", n=3).problem.split("\n")[0] == "2 names for 3 (int)"


def test_while_on_plain_values_runs_until_it_is_false():
    assert run("i = 0\nwhile i < 5:\n  i = i + 2\nreturn i") == 6


def test_while_on_numbers_of_a_tensor_runs_until_it_is_false():
    assert run("while x:\n  x = half(x)\nreturn x", x=Value(number=9)).number == 9 / 16


def test_while_on_shapes_alone_runs_its_body_once():
    assert run("while x:\n  x = half(x)\nreturn x", x=Value((3,))).shape == (3,)


def test_a_name_from_outside_outlives_the_loop():
    assert run("while n > 10:\n  n = n // 2\nreturn n", n=100) == 6


def test_a_loop_must_keep_shapes_even_where_they_alone_are_known():
    error = problem("while x:\n  x = wider(x)\nreturn x", x=Value((3,)))
    assert error.problem == (
        "'x' changes from [3] float32 to [3, 2] float32 in the loop\n    while x:\n          ^"
    )


def test_a_name_born_in_a_while_stays_in_it():
    error = problem("i = 0\nwhile i < 1:\n  i = i + 1\n  k = i\nreturn k")
    assert error.problem.split("\n")[0] == "'k' is born in a loop and stays in it"
    assert error.hint == "give 'k' a value before the loop"


def test_a_loop_that_never_ends_is_stopped():
    error = problem("while 1 > 0:\n  n = 2\nreturn n", n=1)
    assert error.problem.split("\n")[0] == "still true after 1,000 rounds"


def test_nested_loops_are_stopped():
    text = "for i in range(10000):\n  for j in range(10000):\n    n = 1\nreturn n"
    assert problem(text).problem.split("\n")[0] == "more than 200,000 steps"


def test_lists_can_not_grow_for_ever():
    text = "a = [1, 2]\nwhile 1 > 0:\n  a = a + a\nreturn a"
    assert problem(text).problem.split("\n")[0] == "the result has more than 10000 values"


def test_if_on_a_tensor_is_refused_at_its_place():
    error = problem("if x:\n  x = 1\nreturn x", x=Value())
    assert error.problem.split("\n") == [
        "a tensor is neither true nor false", "    if x:", "       ^",
    ]  # fmt: skip
    assert error.hint == "use where(…)"


def test_a_body_that_ends_without_return_is_an_error():
    error = problem("if n > 5:\n  return 3", n=1)
    assert error.problem.split("\n")[0] == "the end is reached without a return"
