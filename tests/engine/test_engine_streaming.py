"""Products with weights that stream: equal to the plain path, the same bits for any threads."""

from itertools import pairwise

import ml_dtypes
import numpy as np
import pytest
from engine.stored import InFile

from paramctl.compute.blas import single_threaded
from paramctl.compute.pool import set_threads
from paramctl.engine import streaming
from paramctl.engine.attention import Rules, backward, forward
from paramctl.engine.execution import Execution
from paramctl.engine.parameter import Parameter

DTYPES = {
    "F32": np.float32,
    "BF16": ml_dtypes.bfloat16,
    "F16": np.float16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
}


@pytest.fixture(autouse=True, params=[0, 16], ids=["slabs", "shares"])
def _small_blocks(monkeypatch, request):
    monkeypatch.setattr(streaming, "FEW", request.param)
    for size in ("BLOCK", "SLAB", "SMALL"):
        monkeypatch.setattr(streaming, size, 1 << 12)
    yield
    set_threads(None)


def weights(dtype, transposed):
    shape = (96, 200) if transposed else (200, 96)
    values = np.random.default_rng(0).standard_normal(shape).astype(DTYPES[dtype])
    return InFile(values, dtype)


def product(stored, transposed, dtype="float32"):
    x = np.random.default_rng(1).standard_normal((5, 96))
    execution = Execution(dtype=dtype)
    w = execution.parameter(Parameter("w", stored.shape, dtype=stored.dtype, value=stored))
    y = execution.apply("linear", execution.constant(x), w, transposed=transposed).array
    return x.astype(dtype), y


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("compute", ["float32", "float64"])
def test_blocks_give_what_the_whole_gives(dtype, transposed, compute):
    stored = weights(dtype, transposed)
    x, y = product(stored, transposed, compute)
    assert "all" not in stored.read
    whole = stored.array().astype(compute)
    expected = x @ (whole if transposed else whole.T)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-4 if compute == "float32" else 1e-12)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_number_of_threads_gives_the_same_bits(dtype, transposed):
    results = []
    for count in (1, 2, 3):
        set_threads(count)
        results.append(product(weights(dtype, transposed), transposed)[1].tobytes())
    assert len(set(results)) == 1


def test_each_block_is_read_once():
    stored = weights("BF16", transposed=False)
    product(stored, transposed=False)
    spans = sorted(stored.read)
    assert spans[0][0] == 0
    assert spans[-1][1] == 200
    assert all(a[1] == b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize("transposed", [False, True])
def test_gradients_through_streamed_weights(transposed):
    stored = weights("BF16", transposed)
    rng = np.random.default_rng(2)
    x, seed = rng.standard_normal((5, 96)), rng.standard_normal((5, 200))
    execution = Execution(dtype="float64", mode="tape")
    parameter = Parameter("w", stored.shape, dtype="BF16", value=stored)
    given = execution.variable(x)
    y = execution.apply("linear", given, execution.parameter(parameter), transposed=transposed)
    execution.backward(y, seed)
    whole = stored.array().astype(np.float64)
    np.testing.assert_allclose(given.slot.gradient, seed @ (whole.T if transposed else whole))
    np.testing.assert_allclose(parameter.grad, x.T @ seed if transposed else seed.T @ x)


def test_an_array_in_memory_goes_through_in_one_product(monkeypatch):
    monkeypatch.setattr(streaming, "_columns", None)
    w = np.ones((200, 96), np.float32)
    execution = Execution()
    tensor = execution.parameter(Parameter("w", w.shape, value=w))
    y = execution.apply("linear", execution.constant(np.ones((1, 96))), tensor)
    assert y.array[0, 0] == 96


@pytest.mark.parametrize(
    "name",
    [
        "float16",
        "bfloat16",
        "float8_e4m3fn",
        "float8_e5m2",
        "float8_e4m3fnuz",
        "float8_e5m2fnuz",
        "float8_e8m0fnu",
    ],
)
def test_every_narrow_value_is_widened_exactly(name):
    """All bit patterns, infinities and NaN included."""
    from paramctl.compute.backend import HOST

    kind = np.dtype(getattr(ml_dtypes, name, name))
    bits = np.arange(256**kind.itemsize, dtype=f"u{kind.itemsize}")
    values = bits.view(kind)
    np.testing.assert_array_equal(HOST.widen(values), values.astype(np.float32))
    finite = values[np.isfinite(values.astype(np.float32))]
    np.testing.assert_array_equal(HOST.widen(finite), finite.astype(np.float32))


def composed(q, k, v, bias, mask, rules):
    """Attention written out, all scores at once."""
    group = q.shape[2]
    keys, values = (np.repeat(x[:, :, None], group, axis=2) for x in (k, v))
    scores = rules.scale * q @ np.swapaxes(keys, -1, -2)
    if rules.softcap:
        scores = rules.softcap * np.tanh(scores / rules.softcap)
    scores = scores + bias
    t, s = scores.shape[-2:]
    here, there = np.arange(t)[:, None] + s - t, np.arange(s)[None, :]
    seen = mask & ((there <= here) if rules.causal else True)
    if rules.window:
        seen = seen & (np.abs(here - there) < rules.window)
    scores = np.where(seen, scores, -np.inf)
    top = np.max(scores, axis=-1, keepdims=True)
    chance = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = chance.sum(axis=-1, keepdims=True)
    return chance / np.where(total == 0, 1, total) @ values


RULES = [
    Rules(False, 0.3, None, None),
    Rules(True, 0.3, None, None),
    Rules(True, 0.3, 5.0, 7),
    Rules(False, 0.3, 2.0, 4),
]


def attention_inputs():
    rng = np.random.default_rng(3)
    q = rng.standard_normal((2, 3, 2, 30, 8))
    k, v = rng.standard_normal((2, 3, 40, 8)), rng.standard_normal((2, 3, 40, 6))
    bias = rng.standard_normal((1, 3, 2, 30, 40))
    mask = rng.random((2, 1, 1, 30, 40)) < 0.8
    mask[0, 0, 0, 4] = False
    return q, k, v, bias, mask


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("piece", [1, 500, 1 << 20])
def test_attention_in_pieces_is_attention_written_out(rules, piece, monkeypatch):
    monkeypatch.setattr("paramctl.engine.attention.PIECE", piece)
    inputs = attention_inputs()
    y, _ = forward(np, *inputs, rules)
    np.testing.assert_allclose(y, composed(*inputs, rules), atol=1e-12)
    np.testing.assert_array_equal(y[0, :, :, 4], 0)


@pytest.mark.parametrize("rules", RULES)
def test_pieces_and_threads_do_not_change_gradients(rules, monkeypatch):
    inputs = attention_inputs()
    results = {}
    for piece, count in [(1 << 20, 1), (500, 1), (500, 3)]:
        monkeypatch.setattr("paramctl.engine.attention.PIECE", piece)
        set_threads(count)
        y, logs = forward(np, *inputs, rules)
        results[piece, count] = backward(np, (*inputs, rules, y, logs), np.cos(y))
    for one, other, third in zip(*results.values(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)
        np.testing.assert_array_equal(other, third)


def test_single_threaded_products_nest_and_give_the_setting_back():
    from paramctl.compute import blas

    calls = blas._calls()
    before = calls and calls[1]()
    with single_threaded(), single_threaded():
        assert calls is None or calls[1]() == 1
    assert (calls and calls[1]()) == before
