"""Functions of the language: heads, mixtures, recurrent layers on shapes and on values."""

import tracemalloc

import ml_dtypes
import numpy as np
import pytest
from engine.stored import InFile

from paramctl.compute.backend import Backend
from paramctl.compute.pool import set_threads
from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS, function_names, has_function, usage
from paramctl.engine.operation import OPERATIONS
from paramctl.engine.parameter import Parameter
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_every_operation_says_what_it_does(name):
    assert (type(OPERATIONS[name]).__doc__ or "").strip()
    assert usage(name).startswith(f"{name}(")


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_every_function_says_what_it_does(name):
    assert (FUNCTIONS[name].__doc__ or "").strip()
    assert has_function(name)
    assert name in function_names()


def test_wrong_arguments_of_a_function_show_its_usage():
    with pytest.raises(LanguageError) as caught:
        Execution().function("heads", Execution().constant([1.0]))
    assert caught.value.message == "heads: missing a required argument: 'count'"
    assert caught.value.hint == "heads(x, count)"


def test_heads_are_cut_and_merged_again():
    execution = Execution()
    x = execution.constant(np.arange(24.0).reshape(1, 2, 12))
    cut = execution.function("heads", x, 3)
    assert cut.shape == (1, 3, 2, 4)
    np.testing.assert_array_equal(cut.array[0, 1, 0], [4, 5, 6, 7])
    np.testing.assert_array_equal(execution.function("merge_heads", cut).array, x.array)


def test_heads_that_do_not_divide_the_features_are_refused():
    execution = Execution(mode="shapes")
    with pytest.raises(LanguageError) as caught:
        execution.function("heads", execution.placeholder((1, 2, 10)), 3)
    assert caught.value.message == "10 features don't make 3 heads: [1, 2, 10]"


def test_key_heads_are_repeated_one_by_one():
    """Attention with fewer key heads is attention with each repeated, not tiled."""
    rng = np.random.default_rng(0)
    execution = Execution(dtype="float64")
    q, k, v = (
        execution.constant(rng.standard_normal(s)) for s in [(6, 5, 4), (2, 5, 4), (2, 5, 4)]
    )
    repeated = [execution.function("repeat_heads", x, 3) for x in (k, v)]
    grouped = execution.function("attention", q, k, v, causal=True).array
    full = execution.function("attention", q, *repeated, causal=True).array
    np.testing.assert_allclose(grouped, full, atol=1e-12)
    tiled = [execution.function("concat", [x, x, x], axis=0) for x in (k, v)]
    other = execution.function("attention", q, *tiled, causal=True).array
    assert np.abs(other - full).max() > 0.01


def unknown_heads():
    execution = Execution(mode="shapes")
    batch, seq = Unknown("batch"), Unknown("seq")
    return execution, execution.placeholder((batch, seq, 12))


def test_attention_on_unknown_batch_and_length_keeps_them():
    execution, x = unknown_heads()
    q = execution.function("rope", execution.function("heads", x, 3))
    y = execution.function("merge_heads", execution.function("attention", q, q, q, causal=True))
    assert y.shape[0] is x.shape[0]
    assert y.shape[1] is x.shape[1]
    assert y.shape[2] == 12


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("gru", 3), ("rnn", 1)])
def test_recurrent_layers_infer_shapes_of_unknown_lengths(kind, gates):
    execution, x = unknown_heads()
    w_ih, w_hh = execution.placeholder((gates * 5, 12)), execution.placeholder((gates * 5, 5))
    outputs, hidden, *_ = execution.function(kind, x, w_ih, w_hh)
    assert outputs.shape[:2] == x.shape[:2]
    assert outputs.shape[2] == 5
    assert (hidden.shape[0], hidden.shape[1]) == (x.shape[0], 5)


def test_a_recurrent_layer_that_does_not_fit_is_refused():
    execution, x = unknown_heads()
    with pytest.raises(LanguageError) as caught:
        execution.function(
            "gru", x, execution.placeholder((15, 12)), execution.placeholder((16, 5))
        )
    assert caught.value.message == "weights [15, 12] and [16, 5] don't make 3 gates"


def test_a_recurrent_weight_is_read_once_for_all_steps():
    stored = InFile(np.full((8, 2), 0.1, np.float32))
    execution = Execution()
    w_hh = execution.parameter(Parameter("weight_hh_l0", (8, 2), value=stored))
    x, w_ih = execution.constant(np.ones((1, 9, 3))), execution.constant(np.ones((8, 3)))
    execution.function("lstm", x, w_ih, w_hh)
    assert stored.read == ["all"]


def dense_and_sparse(weights):
    """Values and gradients of a mixture beside the sum over all experts written out."""
    rng = np.random.default_rng(1)
    x, matrices = rng.standard_normal((2, 3, 4)), rng.standard_normal((3, 5, 4))
    found = []
    for sparse in (True, False):
        execution = Execution(dtype="float64", mode="tape")
        given, shares = execution.variable(x), execution.variable(weights)
        experts = [Parameter(str(k), (5, 4), value=m) for k, m in enumerate(matrices)]

        def expert(p, execution=execution):
            return lambda rows: execution.apply("linear", rows, execution.parameter(p))

        if sparse:
            y = execution.function("mixture", given, shares, [expert(p) for p in experts])
        else:
            parts = [expert(p)(given) * shares[..., k : k + 1] for k, p in enumerate(experts)]
            y = parts[0] + parts[1] + parts[2]
        execution.backward(execution.apply("sum", y * y))
        grads = [given.slot.gradient, *(p.grad for p in experts)]
        found.append((y.array, grads, shares.slot.gradient))
    return found


def test_a_mixture_is_the_sum_over_all_experts():
    """Where every weight is used, gradients by the weights agree too."""
    weights = np.random.default_rng(2).random((2, 3, 3)) + 0.1
    (y, grads, by_weight), (dense, dense_grads, dense_by_weight) = dense_and_sparse(weights)
    np.testing.assert_allclose(y, dense, atol=1e-12)
    np.testing.assert_allclose(by_weight, dense_by_weight, atol=1e-10)
    for one, other in zip(grads, dense_grads, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


def test_a_mixture_of_chosen_experts_gives_the_same_and_leaves_the_rest_without_gradient():
    weights = np.zeros((2, 3, 3))
    weights[..., 0] = 0.7
    weights[1, 2] = [0.0, 0.4, 0.0]
    (y, grads, _), (dense, dense_grads, _) = dense_and_sparse(weights)
    np.testing.assert_allclose(y, dense, atol=1e-12)
    for one, other in zip(grads[:3], dense_grads[:3], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)
    assert grads[3] is None


def test_the_top_of_equals_is_the_first():
    execution = Execution()
    y = execution.function("keep_top", execution.constant([[1.0, 3.0, 3.0, 3.0]]), 2)
    np.testing.assert_array_equal(y.array, [[0, 3, 3, 0]])


def test_operands_of_two_devices_are_refused():
    class Elsewhere(Backend):
        device = "cuda:0"

    here, there = Execution(), Execution(Elsewhere())
    with pytest.raises(LanguageError) as caught:
        here.apply("add", here.constant(1.0), there.constant(2.0))
    assert caught.value.message == "operands live on cpu and cuda:0"
    assert caught.value.hint == "nothing is copied between devices"


def test_a_streamed_product_holds_a_few_blocks_at_most():
    """32 MiB once widened; one worker needs its block, the rows as read, and the result."""
    stored = InFile(np.zeros((8192, 1024), ml_dtypes.bfloat16), "BF16")
    execution = Execution()
    w = execution.parameter(Parameter("w", stored.shape, dtype="BF16", value=stored))
    x = execution.constant(np.ones((4, 1024)))
    set_threads(1)
    tracemalloc.start()
    try:
        execution.apply("linear", x, w)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        set_threads(None)
    assert peak < 12 << 20


def test_whole_powers_are_products():
    x = np.linspace(-2, 2, 9)
    execution = Execution(dtype="float64")
    for exponent in range(1, 9):
        y = execution.constant(x) ** exponent
        np.testing.assert_allclose(y.array, x**exponent, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erf_is_that_of_the_c_library(dtype):
    import math

    x = np.concatenate([np.linspace(-7, 7, 4001), [0.0, 1e-30, -1e30, np.inf, -np.inf]])
    expected = np.array([math.erf(v) for v in x])
    execution = Execution(dtype=dtype)
    y = execution.apply("erf", execution.constant(x)).array
    assert np.abs(y - expected).max() < {"float32": 3e-7, "float64": 5e-16}[dtype]
    assert np.isnan(execution.apply("erf", execution.constant(np.nan)).array)


def test_experts_that_are_copies_are_checked_once_and_others_each():
    """On shapes alone: 60 experts of a layer would be 60 times the same question."""
    from paramctl.engine.bound import bind
    from paramctl.engine.module import Module

    def expert(width):
        asked.append(width)
        weight = Parameter("w", (4, width), init=None)
        forward = lambda run, rows: run.apply("matmul", rows, run.parameter(weight))  # noqa: E731
        return Module("Expert", f"{width}", parameters={"w": weight}, forward=forward)

    asked, ran = [], []
    execution = Execution(mode="shapes", hooks=[Noting(ran)])
    experts = [bind(execution, expert(width)) for width in (5, 5, 5, 6)]
    x, shares = (execution.placeholder(shape) for shape in ((3, 4), (3, 4)))
    assert execution.function("mixture", x, shares, experts).shape == (3, 5)
    assert ran == ["5", "6"]


class Noting:
    """A hook that notes which modules run."""

    def __init__(self, ran):
        self.ran = ran

    def before(self, module, values):
        self.ran.append(module.path)

    def after(self, module, value):
        """Nothing to do."""


@pytest.mark.parametrize(("kind", "operation"), [("max", "max_pool"), ("mean", "avg_pool")])
def test_pool_is_one_of_two_operations(kind, operation):
    execution = Execution()
    x = execution.constant(np.arange(32.0).reshape(1, 2, 4, 4))
    found = execution.function("pool", x, 2, kind=kind, padding=1).array
    assert found.tolist() == execution.apply(operation, x, kernel=2, padding=1).array.tolist()


def test_pool_knows_two_kinds():
    execution = Execution()
    with pytest.raises(LanguageError) as refused:
        execution.function("pool", execution.constant(np.ones((1, 1, 4))), 2, kind="median")
    assert str(refused.value) == "pooling takes the max or the mean, not 'median'"


def test_last_words_are_those_before_the_padding():
    """On either side of a text; without padding the last one counts."""
    execution = Execution()
    x = execution.constant(np.arange(24.0).reshape(3, 4, 2))
    ids = execution.constant(np.array([[5, 6, 0, 0], [0, 3, 7, 0], [0, 0, 0, 0]]))
    assert execution.function("last_words", x, ids, 0).array.tolist() == [
        [2, 3],
        [12, 13],
        [16, 17],
    ]
    assert execution.function("last_words", x, ids).array.tolist() == [[6, 7], [14, 15], [22, 23]]
    with pytest.raises(LanguageError) as refused:
        execution.function("last_words", x, execution.constant(np.ones((3, 5), int)), 0)
    assert str(refused.value) == (
        "last_words takes (batch, t, features) and (batch, t), not [3, 4, 2] and [3, 5]"
    )


@pytest.mark.parametrize(
    ("heads", "slopes"),
    [
        (1, [2**-8]),
        (4, [2**-2, 2**-4, 2**-6, 2**-8]),
        (6, [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]),
    ],
)
def test_alibi_slopes_halve_again_and_again(heads, slopes):
    """Beyond a power of two come every other one of the next power's."""
    assert Execution().function("alibi_slopes", heads).array.tolist() == slopes


def test_alibi_slopes_want_a_number_of_heads():
    with pytest.raises(LanguageError) as refused:
        Execution().function("alibi_slopes", 0)
    assert str(refused.value) == "alibi_slopes takes a number of heads, not 0"
