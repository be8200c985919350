"""Work cut into jobs by bytes, done by whatever workers there are, results in order.

Cuts fall between items, and what an item is depends on nothing; so neither the number of jobs
nor who does them can be seen in a result. A job that leaves this process is pickled: its
function is one of a module's top level, or a ``partial`` of one, and its sources travel as
the text that opens them.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from paramctl.compute.pool import inside, is_inside, map_ordered, threads
from paramctl.compute.traffic import Kind

if TYPE_CHECKING:
    from paramctl.compute.executor import Workers

Item = TypeVar("Item")
Result = TypeVar("Result")

_SMALLEST, _LARGEST = 1 << 20, 1 << 26  # bytes of a job for a thread of this process
_EACH = 16  # jobs for a thread, so that all of them end at about the same time
_MOST_ITEMS = 2048

_workers: "Workers | None" = None


class Job(NamedTuple, Generic[Item]):
    """Items that are worked on together, and the bytes they are about."""

    items: tuple[Item, ...]
    nbytes: int


@contextmanager
def using(workers: "Workers") -> Iterator[None]:
    """Have the jobs inside done by these workers."""
    global _workers
    before, _workers = _workers, workers
    try:
        yield
    finally:
        _workers = before


def elsewhere() -> "Workers | None":
    """The workers outside this process that jobs go to; ``None`` where its threads do them."""
    return None if is_inside() else _workers


def cut(items: Iterable[Item], weigh: Callable[[Item], int], total: int = 0) -> Iterator[Job[Item]]:
    """Consecutive items as jobs of about the same number of bytes.

    Args:
        weigh: the bytes that an item is about.
        total: bytes of all items, from which a worker gets its share.
    """
    workers = elsewhere()
    size = workers.share(total) if workers else _share(total)
    held: list[Item] = []
    nbytes = 0
    for item in items:
        more = weigh(item)
        if held and (nbytes + more > size or len(held) == _MOST_ITEMS):
            yield Job(tuple(held), nbytes)
            held, nbytes = [], 0
        held.append(item)
        nbytes += more
    if held:
        yield Job(tuple(held), nbytes)


def _share(total: int) -> int:
    """Bytes of a job for a thread: with small ones the threads wait for each other."""
    return min(max(total // (threads() * _EACH), _SMALLEST), _LARGEST)


def map_jobs(
    function: Callable[[tuple[Item, ...]], Result], jobs: Iterable[Job[Item]], kind: Kind = "read"
) -> Iterator[tuple[tuple[Item, ...], Result]]:
    """The items of each job with what ``function`` makes of them, in order.

    Args:
        kind: what becomes of the bytes, for who watches them go by.

    Raises:
        ResourceError: workers were lost again and again, or are of another version.
    """
    workers = elsewhere()
    if workers is not None:
        from paramctl.compute.elsewhere import give_out

        return give_out(workers, function, iter(jobs), kind)

    def work(job: Job[Item]) -> tuple[tuple[Item, ...], Result]:
        with inside():
            return job.items, function(job.items)

    return map_ordered(work, jobs, workers=threads(), joins=True)


def spread(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    weigh: Callable[[Item], int],
    total: int = 0,
) -> Iterator[Result]:
    """``function`` of every item, in the order of the items, several of them to a job."""
    for _, results in map_jobs(Each(function), cut(items, weigh, total)):
        yield from results


@dataclass(frozen=True)
class Each:
    """A function of one item as a function of several."""

    function: Callable[[Any], Any]

    def __call__(self, items: tuple[Any, ...]) -> list[Any]:
        return [self.function(item) for item in items]
