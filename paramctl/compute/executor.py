"""Where jobs are done: the text of ``--executor`` becomes workers that take one job after another.

A kind of worker is a file in ``executors/``: a class under the name that the text begins with.
Threads of this process are no such kind, since nothing has to travel to them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from typing import Any, ClassVar

from paramctl.compute.jobs import using
from paramctl.compute.pool import set_threads
from paramctl.errors import ResourceError, UsageError
from paramctl.names import show
from paramctl.registry import Registry

KNOWN = "executors are threads:N, processes:N, dask:ADDRESS and mpi"
_SMALLEST, _LARGEST = 1 << 25, 1 << 30  # bytes of a job
_EACH = 16  # jobs for a worker, so that all of them end at about the same time


class Workers(ABC):
    """Processes that do jobs, through an ``Executor`` that is opened for the first one.

    Attributes:
        argument: what stands behind the colon.
        name: for messages.
    """

    name: ClassVar[str]

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self._executor: Executor | None = None

    @abstractmethod
    def open(self) -> Executor:
        """A new executor.

        Raises:
            UsageError: there can't be one here.
            ResourceError: it can't be reached.
        """

    @abstractmethod
    def count(self) -> int:
        """How many jobs are done at a time."""

    def shut(self, executor: Executor) -> None:
        """End an executor at once; what was not begun is dropped."""
        executor.shutdown(wait=False, cancel_futures=True)

    def submit(self, function: Callable[[Any], Any], job: object) -> "Future[Any]":
        """The future result of a job."""
        if self._executor is None:
            self._executor = self.open()
        try:
            return self._executor.submit(function, job)
        except BrokenExecutor as error:
            failed: Future[Any] = Future()
            failed.set_exception(error)
            return failed

    def renew(self) -> None:
        """Go on with a new executor after the old one broke."""
        self.close()

    def close(self) -> None:
        """Give every worker back."""
        if self._executor is not None:
            executor, self._executor = self._executor, None
            self.shut(executor)

    def explain(self, error: BaseException) -> BaseException:
        """The error to raise in place of one that tells of the executor and not of the job."""
        return error

    def share(self, total: int) -> int:
        """Bytes that one of the jobs should have that ``total`` bytes are cut into."""
        return min(max(total // (self.count() * _EACH), _SMALLEST), _LARGEST)


EXECUTORS: Registry[type[Workers]] = Registry("executor", "paramctl.compute.executors")


@contextmanager
def executor(text: str) -> Iterator[None]:
    """Have jobs inside done by ``threads:N``, ``processes:N``, ``dask:ADDRESS`` or ``mpi``.

    Raises:
        UsageError: the text is none of these.
        ResourceError: there are no such workers.
    """
    kind, _, argument = text.partition(":")
    if kind == "threads":
        set_threads(number(argument, "threads"))
        yield
        return
    if kind not in EXECUTORS:
        raise UsageError(f"no executor named '{show(kind)}'", hint=KNOWN)
    workers = EXECUTORS[kind](argument)
    try:
        with using(workers):
            yield
    finally:
        workers.close()


def number(text: str, kind: str) -> int:
    """How many workers a text asks for.

    Raises:
        UsageError: no number from 1 on.
    """
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 9999):
        raise UsageError(f"{kind}:N takes a number from 1 on, not '{show(text)}'", hint=KNOWN)
    return int(text)


def lost(times: int) -> ResourceError:
    """The error for a job that has ended its worker again and again."""
    return ResourceError(
        f"a worker was lost {times} times over the same piece of work",
        hint="it may be out of memory: give each worker more, or take fewer",
    )
