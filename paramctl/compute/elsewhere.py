"""Jobs given out to workers in other processes: bounded in flight, in order, lost ones again."""

import os
import socket
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from paramctl.compute.executor import Workers, lost
from paramctl.compute.jobs import Job
from paramctl.compute.pool import inside
from paramctl.compute.traffic import Kind, advance
from paramctl.errors import ResourceError

_AHEAD = 4  # jobs per worker that are given out before their results are wanted
_ATTEMPTS = 4
_ALONE = 1 << 20  # bytes of a job that is done here if it is the only one

Items = tuple[Any, ...]
Function = Callable[[Items], Any]


@dataclass(frozen=True)
class Parcel:
    """A job on its way: opaque to schedulers, which look into lists and tuples."""

    version: str
    function: Function
    items: Items


def perform(parcel: Parcel) -> Any:
    """Do a job in a worker.

    Raises:
        ResourceError: this is another version of paramctl than the one that asks.
    """
    from paramctl import __version__

    if parcel.version != __version__:
        raise ResourceError(
            f"the worker {place()} has paramctl {__version__}, not {parcel.version}",
            hint="install the same version for all of them",
        )
    with inside():
        return parcel.function(parcel.items)


def place() -> str:
    """Where this process is, for messages: host and process number."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _expect_travel(parcel: Parcel) -> None:
    """Have what can't be packed say so itself: an executor would wrap what it says.

    Raises:
        UsageError: a source can only be read here.
    """
    from multiprocessing.reduction import ForkingPickler

    ForkingPickler.dumps(parcel)


@dataclass
class _Held:
    """A job that was given out."""

    job: Job[Any]
    future: "Future[Any]"
    attempts: int = 1


def give_out(
    workers: Workers, function: Function, jobs: Iterator[Job[Any]], kind: Kind
) -> Iterator[tuple[Items, Any]]:
    """The items of each job with its result, in order; a single small job is done here.

    Raises:
        ResourceError: workers were lost again and again, or don't know what to do.
    """
    from paramctl import __version__

    def give(job: Job[Any]) -> "Future[Any]":
        return workers.submit(perform, Parcel(__version__, function, job.items))

    first = list(islice(jobs, 2))
    if len(first) == 1 and first[0].nbytes <= _ALONE:
        with inside():
            yield first[0].items, function(first[0].items)
        return
    if first:
        _expect_travel(Parcel(__version__, function, first[0].items))
    waiting = chain(first, jobs)
    running: deque[_Held] = deque()
    try:
        while True:
            room = max(_AHEAD * workers.count() - len(running), 0)
            running.extend(_Held(job, give(job)) for job in islice(waiting, room))
            if not running:
                return
            result = _first_result(workers, running, give)
            job = running.popleft().job
            advance(kind, job.nbytes)
            yield job.items, result
    finally:
        for held in running:
            held.future.cancel()


def _first_result(
    workers: Workers, running: "deque[_Held]", give: "Callable[[Job[Any]], Future[Any]]"
) -> Any:
    """The result of the first of the jobs; lost ones are given out again."""
    first = running[0]
    while True:
        try:
            return first.future.result()
        except BrokenExecutor:
            if first.attempts == _ATTEMPTS:
                raise lost(first.attempts) from None
        except Exception as error:
            better = _unlike(error) or workers.explain(error)
            if better is error:
                raise
            raise better from None
        workers.renew()
        for held in running:
            if _is_lost(held.future):
                held.attempts += 1
                held.future = give(held.job)


def _is_lost(future: "Future[Any]") -> bool:
    if future.cancelled() or not future.done():
        return True
    return isinstance(future.exception(), BrokenExecutor)


def _unlike(error: Exception) -> ResourceError | None:
    """What to say of a worker that knows no such function: it has another paramctl, or none."""
    unread = isinstance(error, AttributeError) and "get attribute" in str(error)
    if not unread and not isinstance(error, ImportError):
        return None
    return ResourceError(
        f"a worker can't do what is asked of it: {error}",
        hint="install the same version of paramctl for all workers, and for the scheduler",
    )
