"""Which keys a query sees, where there are more of the one than of the other."""

import numpy as np

from paramctl.engine.execution import Execution


def attend(queries, keys, mode="arrays", **options):
    rng = np.random.default_rng(5)
    run = Execution(dtype="float64", mode=mode)
    q, k, v = (rng.normal(size=(1, n, 4)) for n in (queries, keys, keys))
    tensors = [run.constant(x) for x in (q, k, v)]
    return run.apply("attention", *tensors, **options), (q, k, v)


def expected(q, k, v, seen):
    scores = np.where(seen, q @ k.swapaxes(-1, -2) / 2, -np.inf)
    with np.errstate(invalid="ignore"):
        chance = np.exp(scores - scores.max(-1, keepdims=True))
    chance /= chance.sum(-1, keepdims=True)
    return np.nan_to_num(chance) @ v


def test_with_fewer_queries_than_keys_the_last_query_stands_at_the_last_key():
    y, (q, k, v) = attend(2, 5, causal=True)
    seen = np.tril(np.ones((2, 5), bool), k=3)
    assert seen[-1].all()
    np.testing.assert_allclose(y.array, expected(q, k, v, seen), atol=1e-12)


def test_the_end_of_a_sequence_alone_gives_what_the_whole_gives_there():
    whole, (q, k, v) = attend(5, 5, causal=True)
    run = Execution(dtype="float64")
    end = run.apply("attention", *(run.constant(x) for x in (q[:, 3:], k, v)), causal=True)
    np.testing.assert_allclose(end.array, whole.array[:, 3:], atol=1e-12)


def test_with_more_queries_than_keys_the_first_see_none_and_give_zero():
    y, (q, k, v) = attend(5, 2, causal=True)
    assert (y.array[:, :3] == 0).all()
    seen = np.tril(np.ones((2, 2), bool))
    np.testing.assert_allclose(y.array[:, 3:], expected(q[:, 3:], k, v, seen), atol=1e-12)


def test_a_query_whose_mask_hides_every_key_gives_zero():
    mask = [[True, False, True], [False, False, False]]
    run = Execution(dtype="float64")
    x = [run.constant(np.ones((1, n, 4))) for n in (2, 3, 3)]
    y = run.apply("attention", *x, mask=run.constant(np.array(mask)))
    np.testing.assert_allclose(y.array[0], [[1] * 4, [0] * 4], atol=1e-12)
