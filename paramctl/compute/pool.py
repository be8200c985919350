"""A few threads, work in order: how every pass over values is spread.

Work is handed out one item at a time and results come back in the order of the items, so a
result never depends on the number of workers. NumPy and hashlib release the interpreter
lock on the blocks used here, so threads are enough.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Generic, TypeVar

from paramctl.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 8  # memory bandwidth is used up long before, and each thread holds its buffers
_chosen: int | None = None
_state = threading.local()


def set_threads(count: int | None) -> None:
    """Use ``count`` worker threads from now on; ``None`` goes back to the default.

    Raises:
        UsageError: ``count`` is below 1.
    """
    global _chosen
    if count is not None and count < 1:
        raise UsageError(f"threads must be 1 or more, not {count}")
    _chosen = count


@contextmanager
def inside() -> Iterator[None]:
    """Say that this thread does one of several jobs: what it spreads further stays in it."""
    before = is_inside()
    _state.inside = True
    try:
        yield
    finally:
        _state.inside = before


def is_inside() -> bool:
    """Whether this thread does one of several jobs."""
    return getattr(_state, "inside", False)


def threads() -> int:
    """Worker threads in use: as set, else the cores this process may run on, at most 8.

    Inside of a job it is one.
    """
    if is_inside():
        return 1
    if _chosen is not None:
        return _chosen
    return min(len(os.sched_getaffinity(0)), _MOST)


def map_ordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int | None = None,
    joins: bool = False,
) -> Iterator[Result]:
    """``function`` of every item, in the order of the items, computed on a few threads.

    At most twice as many items as workers are taken ahead of the consumer. The first error
    in the order of the items is raised and what was not begun is dropped; so it is when the
    consumer stops early. One worker or one item means the calling thread, no thread at all.

    Args:
        joins: the calling thread is one of the workers while it waits: right for who has little
            to do with a result, since one thread more than there are cores slows down the others.
    """
    count = threads() if workers is None else workers
    waiting = iter(items)
    first = list(islice(waiting, 2))
    waiting = chain(first, waiting)
    if count == 1 or len(first) < 2:
        yield from map(function, waiting)
        return
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(count - joins, thread_name_prefix="paramctl")

    def begun(most: int) -> list[_Task[Item, Result]]:
        return [_Task(item, executor.submit(function, item)) for item in islice(waiting, most)]

    is_interrupted = False
    try:
        running = deque(begun(2 * count))
        while running:
            if joins:
                _help(function, running)
            result = running.popleft().future.result()
            running.extend(begun(1))
            yield result
    except BaseException as error:
        # Who interrupts does not wait for a server to answer; nobody reads on after that.
        is_interrupted = not isinstance(error, Exception | GeneratorExit)
        raise
    finally:
        executor.shutdown(wait=not is_interrupted, cancel_futures=True)


@dataclass
class _Task(Generic[Item, Result]):
    """An item and what becomes of it."""

    item: Item
    future: "Future[Result]"


def _help(function: Callable[[Item], Result], running: "deque[_Task[Item, Result]]") -> None:
    """Do what nobody has begun yet, until the first task is done or nothing is left."""
    for task in list(running):
        if running[0].future.done():
            return
        if task.future.cancel():
            task.future = type(task.future)()
            try:
                task.future.set_result(function(task.item))
            except Exception as error:  # raised in its turn; an interrupt at once
                task.future.set_exception(error)
