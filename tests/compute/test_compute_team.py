"""Threads that stay: every part once, results in order, errors to the caller, forks survived."""

import os
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.compute.pool import set_threads
from paramctl.compute.product import SMALL, product
from paramctl.compute.team import run_parts


@pytest.fixture(autouse=True)
def _default_threads():
    yield
    set_threads(None)


@given(st.integers(0, 40), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_every_part_is_done_once_and_results_keep_their_order(parts, count):
    set_threads(count)
    done = []
    assert run_parts(lambda part: done.append(part) or part * 3, parts) == [
        part * 3 for part in range(parts)
    ]
    assert sorted(done) == list(range(parts))


def test_two_threads_work_at_once():
    set_threads(2)
    meeting = threading.Barrier(2, timeout=60)
    run_parts(lambda _part: meeting.wait(), 2)


def test_the_same_threads_work_in_every_round():
    set_threads(3)
    names = set()
    for _ in range(20):
        run_parts(lambda _part: names.add(threading.get_ident()), 12)
    assert len(names) <= 3


def test_an_error_reaches_the_caller_and_the_team_goes_on():
    set_threads(2)

    def work(part):
        if part:
            raise ValueError("a part went wrong")

    with pytest.raises(ValueError, match=r"^a part went wrong$"):
        run_parts(work, 6)
    assert run_parts(lambda part: part, 4) == [0, 1, 2, 3]


def test_a_round_inside_a_round_is_done_by_its_caller():
    set_threads(2)
    assert run_parts(lambda _part: run_parts(lambda inner: inner, 3), 4) == [[0, 1, 2]] * 4


@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_process_has_a_team_of_its_own():
    set_threads(2)
    run_parts(lambda part: part, 4)
    child = os.fork()
    if child == 0:
        os._exit(0 if run_parts(lambda part: part, 4) == [0, 1, 2, 3] else 1)
    assert os.waitpid(child, 0)[1] == 0


SHAPES = [(5, 700, 2000), (700, 128, 900), (3, 2000, 1500), (2000, 90, 64), (1, 3000, 3000)]


@pytest.mark.parametrize(("rows", "inner", "columns"), SHAPES)
def test_a_product_in_parts_is_the_product(rows, inner, columns):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((rows, inner)), rng.standard_normal((columns, inner)).T
    assert rows * inner * columns > SMALL
    np.testing.assert_allclose(product(np, a, b), a @ b, atol=1e-9)


@pytest.mark.parametrize(("rows", "inner", "columns"), SHAPES[:4])
def test_any_number_of_threads_gives_the_same_product(rows, inner, columns):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((rows, inner), np.float32)
    b = rng.standard_normal((inner, columns), np.float32)
    results = set()
    for count in (1, 2, 3):
        set_threads(count)
        results.add(product(np, a, b).tobytes())
    assert len(results) == 1
