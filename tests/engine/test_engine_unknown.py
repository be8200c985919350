"""Unknown sizes: absorbed by arithmetic, refused where a branch would hang on them."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramctl.engine.execution import Execution
from paramctl.engine.shapes import broadcast, product, show
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError

ARITHMETIC = [
    operator.add, operator.sub, operator.mul, operator.floordiv, operator.truediv,
    operator.mod, operator.pow,
]  # fmt: skip
COMPARISON = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("operate", ARITHMETIC)
def test_arithmetic_with_an_unknown_is_unknown(operate):
    size = Unknown("in_features")
    assert isinstance(operate(size, 4), Unknown)
    assert isinstance(operate(4, size), Unknown)
    assert isinstance(operate(size, Unknown("out_features")), Unknown)
    assert isinstance(-size, Unknown)


@pytest.mark.parametrize("compare", COMPARISON)
def test_comparison_names_the_size(compare):
    with pytest.raises(LanguageError) as caught:
        compare(Unknown("in_features", hint="give --input"), 8)
    assert caught.value.message == "in_features is not known yet, so it can't be compared"
    assert caught.value.hint == "give --input"


def test_truth_names_the_size_it_was_made_from():
    with pytest.raises(LanguageError) as caught:
        bool(Unknown("in_features") * 4 - 1)
    assert caught.value.message == (
        "a size made from in_features is not known yet, so it can't be tested"
    )


@pytest.mark.parametrize("convert", [int, float, range])
def test_conversion_is_refused(convert):
    with pytest.raises(LanguageError):
        convert(Unknown("n"))


def test_a_shape_shows_unknown_sizes_as_question_marks():
    assert show((2, Unknown("n"), 4)) == "[2, ?, 4]"


def test_an_unknown_beside_a_size_above_one_broadcasts_to_that_size():
    size = Unknown("n")
    assert broadcast((size, 3), (4, 1)) == (4, 3)
    assert broadcast((size,), (1,))[0] is size


def test_zero_elements_are_known_whatever_else_is_not():
    assert product((Unknown("n"), 0)) == 0


@given(st.data(), st.sampled_from(["add", "matmul", "concat", "softmax", "reshape", "sum"]))
def test_forgetting_sizes_never_contradicts_the_shape_rule(data, name):
    """With any sizes unknown, the rule gives the same rank, and each size is right or unknown."""
    shapes, options = {
        "add": (((2, 3), (3,)), {}),
        "matmul": (((5, 2, 3), (3, 4)), {}),
        "concat": (((2, 3), (2, 4)), {"axis": 1}),
        "softmax": (((2, 3),), {}),
        "reshape": (((2, 6),), {"shape": (3, -1)}),
        "sum": (((2, 3, 4),), {"axis": 1}),
    }[name]
    execution = Execution(mode="shapes")
    known = execution.apply(name, *map(execution.placeholder, shapes), **options)
    forgotten = [
        tuple(Unknown("n") if data.draw(st.booleans()) else size for size in shape)
        for shape in shapes
    ]
    partly = execution.apply(name, *map(execution.placeholder, forgotten), **options)
    assert len(partly.shape) == len(known.shape)
    for size, true in zip(partly.shape, known.shape, strict=True):
        assert isinstance(size, Unknown) or size == true
