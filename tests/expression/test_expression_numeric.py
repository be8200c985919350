"""The language over NumPy arrays, as ``set``, ``--where`` and schemes use it."""

import numpy as np
import pytest

from paramctl.errors import UsageError
from paramctl.expression.numeric import evaluate_numbers, numeric_names
from paramctl.expression.parse import parse
from paramctl.expression.place import argument

X = np.array([-7.5, -2.0, 0.0, 3.0, 9.0], np.float32)


def value(text, functions=None, **scope):
    return evaluate_numbers(parse(text, argument(), "script"), {"x": X, **scope}, functions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + 1", X + 1),
        ("-x", -X),
        ("42", 42),
        ("where(abs(x) >= 5, x, 0)", np.where(abs(X) >= 5, X, 0)),
        ("minimum(maximum(x, -1), 1)", np.clip(X, -1, 1)),
        ("clip(x, -1, 1)", np.clip(X, -1, 1)),
        ("floor(x / 2) + round(x)", np.floor(X / 2) + np.rint(X)),
        ("sign(x) * sqrt(abs(x))", np.sign(X) * np.sqrt(abs(X))),
        ("(x > -3) & (x < 3)", (X > -3) & (X < 3)),
        ("x > -3 and x < 3", (X > -3) & (X < 3)),
        ("-3 < x < 3", (X > -3) & (X < 3)),
        ("not x", X == 0),
        ("isnan(x) or isinf(x)", np.zeros(5, bool)),
    ],
)
def test_arrays_are_computed_element_by_element(text, expected):
    np.testing.assert_array_equal(value(text), expected)


def test_numbers_keep_the_dtype_of_the_array():
    assert value("x * 2 + 0.5").dtype == np.float32


def test_division_by_zero_and_bad_logarithms_give_inf_and_nan():
    assert np.isinf(value("x / 0"))[[0, 1, 3, 4]].all()
    assert np.isnan(value("log(x)"))[0]


def test_rows_of_figures_are_tested_with_python_numbers():
    assert value("nan > 0 or absmax > 1e4", nan=0, absmax=2e4) is True
    assert not value("isnan(mean)", mean=1.0)


def test_a_scheme_draws_through_functions_of_its_own():
    draws = {"uniform": lambda low, high: np.linspace(low, high, 5)}
    text = "u = uniform(-10, 10); where(abs(u) >= 5, u, 0)"
    np.testing.assert_array_equal(value(text, draws), [-10, -5, 0, 5, 10])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x[0]", "an array can't be indexed"),
        ("x.shape", "an array has no attributes"),
        ("x & 1.5", "& is not for an array and 1.5 (float)"),
        ("where(x, 1)", "where takes 3 values, not 2"),
        ("sqrt('a')", "sqrt is for numbers, not the text 'a'"),
        ("1 if x else 0", "an array of 5 values is neither true nor false"),
        ("x < 'a'", "< is not for the text 'a'"),
    ],
)
def test_what_can_not_be_is_said(text, message):
    with pytest.raises(UsageError) as caught:
        value(text)
    assert caught.value.problem.split("\n")[0] == message


def test_the_table_of_functions_can_be_listed():
    assert {"where", "abs", "isnan", "pi"} <= set(numeric_names())
