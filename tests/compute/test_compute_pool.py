"""The pool: order kept, bounded in flight, errors and interrupts come through."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.compute.pool import map_ordered, set_threads, threads
from paramctl.errors import UsageError


@pytest.fixture(autouse=True)
def _default_threads():
    yield
    set_threads(None)


@given(st.lists(st.integers(), max_size=40), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_results_come_in_the_order_of_the_items(items, workers):
    assert list(map_ordered(lambda x: x * 3, items, workers=workers)) == [x * 3 for x in items]


def test_a_later_item_may_finish_first_and_still_comes_later():
    second_done = threading.Event()

    def work(item):
        if item == 0:
            assert second_done.wait(60)
        else:
            second_done.set()
        return item

    assert list(map_ordered(work, [0, 1], workers=2)) == [0, 1]


def test_no_more_than_twice_the_workers_are_taken_ahead():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = map_ordered(lambda x: x, items(), workers=3)
    next(results)
    assert len(taken) <= 7
    results.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_error_in_order_is_raised(workers):
    def work(item):
        if item >= 5:
            raise ValueError(f"item {item}")
        return item

    seen = []
    with pytest.raises(ValueError, match=r"^item 5$"):
        seen.extend(map_ordered(work, range(50), workers=workers))


def test_an_interrupt_in_a_worker_reaches_the_caller():
    def work(item):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(map_ordered(work, range(4), workers=2))


def test_a_consumer_that_stops_leaves_no_thread_behind():
    before = set(threading.enumerate())  # of which others may end meanwhile
    results = map_ordered(lambda x: x, range(1000), workers=4)
    next(results)
    results.close()
    assert set(threading.enumerate()) <= before


def test_one_worker_is_the_calling_thread():
    assert list(map_ordered(lambda _: threading.current_thread(), [1], workers=1)) == [
        threading.current_thread()
    ]


@pytest.mark.parametrize("workers", [2, 3])
def test_the_calling_thread_may_join_and_order_and_errors_stay(workers):
    def work(item):
        if item == 40:
            raise ValueError("item 40")
        return item

    seen = []
    with pytest.raises(ValueError, match=r"^item 40$"):
        seen.extend(map_ordered(work, range(50), workers=workers, joins=True))
    assert seen == list(range(40))


def test_a_joining_thread_does_what_nobody_has_begun():
    def work(item):
        if item == 0:
            assert joined.wait(10)
        elif threading.current_thread() is threading.main_thread():
            joined.set()
        return item

    joined = threading.Event()
    assert list(map_ordered(work, range(3), workers=2, joins=True)) == [0, 1, 2]


def test_an_interrupt_of_a_joining_thread_is_raised_at_once():
    def work(item):
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        assert asked.wait(10)
        return item

    asked = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        list(map_ordered(work, range(9), workers=2, joins=True))
    asked.set()
    for thread in threading.enumerate():
        if thread.name.startswith("paramctl_"):
            thread.join(10)


def test_threads_are_as_set_and_at_least_one_by_default():
    assert threads() >= 1
    set_threads(3)
    assert threads() == 3


def test_no_threads_is_refused():
    with pytest.raises(UsageError) as error:
        set_threads(0)
    assert str(error.value) == "threads must be 1 or more, not 0"
