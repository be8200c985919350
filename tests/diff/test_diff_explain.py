"""Explanations of changed matrices: right where one holds, silent where none does."""

import ml_dtypes
import numpy as np
import pytest
from memory_source import MemorySource

from paramctl.diff.explain import explain, explain_sparse
from paramctl.figures.comparison import Comparison

RANDOM = np.random.default_rng(0)
W = RANDOM.standard_normal((96, 80)).astype(np.float32)


def explained(a, b):
    left, right = MemorySource(x=a), MemorySource(x=b)
    return explain(left, left["x"], right, right["x"])


@pytest.mark.parametrize("rank", [1, 4, 16])
def test_a_low_rank_update_shows_its_rank(rank):
    down, up = RANDOM.standard_normal((rank, 80)), RANDOM.standard_normal((96, rank))
    assert explained(W, (W + 0.1 * up @ down).astype(np.float32)) == f"rank {rank}"


def test_a_scaled_matrix_shows_its_factor():
    assert explained(W, W * np.float32(0.5)) == "scaled by 0.5"


def test_a_few_changed_rows_are_counted():
    changed = W.copy()
    changed[[3, 70]] = RANDOM.standard_normal((2, 80))
    assert explained(W, changed) == "2 of 96 rows"


def test_a_change_of_everything_has_no_explanation():
    assert explained(W, W + RANDOM.standard_normal(W.shape).astype(np.float32)) == ""


def test_a_fresh_draw_has_nothing_to_do_with_what_was_there():
    assert explained(W, RANDOM.standard_normal(W.shape).astype(np.float32)) == "uncorrelated"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w[:, RANDOM.permutation(80)], "columns in another order"),
        (lambda w: 0 * w, "now all zero"),
        (lambda w: 0 * w + np.float32(0.25), "now 0.25 everywhere"),
        (lambda w: w + np.float32(0.125), "0.125 added"),
        (lambda w: -w, "scaled by -1"),
        (lambda w: w * RANDOM.uniform(0.5, 2, (96, 1)), "each row scaled"),
        (lambda w: w * RANDOM.uniform(0.5, 2, 80), "each column scaled"),
        (lambda w: w.astype(ml_dtypes.bfloat16), "rounded to BF16"),
        (lambda w: w.astype(np.float16), "rounded to F16"),
    ],
)
def test_the_simplest_words_that_hold_are_said(change, words):
    assert explained(W, np.ascontiguousarray(change(W), np.float32)).endswith(words)


def test_a_few_changed_columns_are_counted():
    changed = W.copy()
    changed[:, [3, 70]] = RANDOM.standard_normal((96, 2))
    assert explained(W, changed) == "2 of 80 columns"


def test_single_elements_are_not_called_rows():
    changed = W.copy()
    changed[3, 5] += 1
    assert explained(W, changed) == "1 of 7,680 elements"


def test_rows_and_columns_that_became_zero_are_counted():
    rows, columns = W.copy(), W.copy()
    rows[5:90] = 0
    columns[:, 7] = 0
    assert explained(W, rows) == "85 of 96 rows now zero"
    assert explained(W, columns) == "1 of 80 columns now zero"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_what_is_not_finite_is_no_reason_to_warn(broken):
    changed = W.copy()
    changed[:, :60] = broken
    assert explained(W, changed) == ""


def test_vectors_may_be_scaled_or_shifted_too():
    assert explained(W[0], W[0] * np.float32(0.5)) == "scaled by 0.5"
    assert explained(W[0], W[0] + np.float32(0.5)) == "0.5 added"


@pytest.mark.parametrize("a", [np.float32(1), np.ones((3, 0), np.float32), np.ones((9, 9), int)])
def test_what_are_no_floats_or_too_few_is_left_alone(a):
    assert explained(a, a + a.dtype.type(1)) == ""


def test_nan_explains_nothing():
    broken = W.copy()
    broken[0] = np.nan
    assert explained(W, broken) == "1 of 96 rows"


def test_higher_ranks_are_flattened_behind_the_first_axis():
    kernel = W.reshape(96, 5, 4, 4)
    assert explained(kernel, kernel * np.float32(2)) == "scaled by 2"


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("rank", [1, 8])
def test_a_low_rank_update_is_one_after_rounding_too(dtype, rank):
    """What rounding to half precision adds is no part of the change."""
    down, up = RANDOM.standard_normal((rank, 80)), RANDOM.standard_normal((96, rank))
    update = 0.1 * up @ down / np.sqrt(rank)
    before = W.astype(dtype)
    assert explained(before, (before.astype(float) + update).astype(dtype)) == f"rank {rank}"
    assert explained(before, (before.astype(float) * 1.3).astype(dtype)) == "scaled by 1.3"


def test_noise_of_the_size_of_rounding_is_not_explained_away():
    before = W.astype(ml_dtypes.bfloat16)
    noise = 0.003 * RANDOM.standard_normal(W.shape)
    assert explained(before, (before.astype(float) + noise).astype(ml_dtypes.bfloat16)) == ""


def test_few_changed_elements_are_counted_where_nothing_else_explains_them():
    assert explain_sparse(Comparison(numel=1000, differing=10)) == "10 of 1,000 elements"
    assert explain_sparse(Comparison(numel=1000, differing=11)) == ""
    assert explain_sparse(Comparison(numel=1000, differing=None)) == ""


def test_a_square_matrix_may_have_been_transposed():
    square = np.ascontiguousarray(W[:80])
    assert explained(square, np.ascontiguousarray(square.T)) == "transposed"
