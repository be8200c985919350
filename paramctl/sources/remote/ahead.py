"""Reading on before anybody asks: latency is hidden behind the work on what came before.

A reading that begins where another one ended goes forward; then what follows is fetched in
parallel, up to where reading is said to go on and never further, so nothing is fetched in vain
by a reader that keeps its word. Everything else is fetched exactly.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

STEP = 1 << 22  # bytes of one request
WINDOW = 4 * STEP  # how far one reader is ahead
_BUDGET = 16 * STEP  # bytes that all readers together may be ahead
_STALE = 64  # readings by others, after which nobody comes back for what was fetched
_WORKERS = 8
_RUNS = 256  # that are remembered of each file

Fetch = Callable[[memoryview, int], None]


@dataclass(eq=False)
class _Segment:
    """Bytes ``[start, stop)`` on their way, and how many of them nobody has taken yet."""

    start: int
    stop: int
    job: "Future[bytearray]"
    left: int

    def __post_init__(self) -> None:
        self.owner: Ahead | None = None


class Crew:
    """The threads that fetch for all files of a place, and the memory they may fill."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None
        self._held: OrderedDict[_Segment, int] = OrderedDict()  # and when it was last asked for
        self._nbytes = 0
        self._clock = 0

    def submit(self, fetch: Fetch, view: memoryview, position: int) -> "Future[None]":
        """Have a view filled."""
        return self._executor().submit(fetch, view, position)

    def order(
        self, owner: "Ahead", fetch: Fetch, start: int, stop: int, *, is_needed: bool
    ) -> _Segment | None:
        """Have some bytes fetched and held; ``None`` where there is no room for what can wait."""
        self._make_room(stop - start)
        if self._nbytes + stop - start > _BUDGET and not is_needed:
            return None

        def work() -> bytearray:
            data = bytearray(stop - start)
            fetch(memoryview(data), start)
            return data

        segment = _Segment(start, stop, self._executor().submit(work), stop - start)
        segment.owner = owner
        self._held[segment] = self._clock
        self._nbytes += stop - start
        return segment

    def drop(self, segment: _Segment) -> None:
        """Let go of some bytes."""
        if segment in self._held:
            del self._held[segment]
            self._nbytes -= segment.stop - segment.start
            segment.job.cancel()
            if segment.owner is not None:
                segment.owner.forget(segment)

    def touch(self, segment: _Segment) -> None:
        """Somebody asks for these bytes."""
        self._clock += 1
        if segment in self._held:
            self._held[segment] = self._clock
            self._held.move_to_end(segment)

    def close(self) -> None:
        """Send everybody home; nothing is waited for."""
        with self.lock:
            pool, self._pool = self._pool, None
            self._held.clear()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _make_room(self, nbytes: int) -> None:
        for segment, clock in list(self._held.items()):
            if self._nbytes + nbytes <= _BUDGET or self._clock - clock <= _STALE:
                return
            self.drop(segment)

    def _executor(self) -> ThreadPoolExecutor:
        with self.lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="paramctl-remote")
            return self._pool


class Ahead:
    """The bytes of one file, by whatever way they come soonest."""

    def __init__(self, crew: Crew, fetch: Fetch, size: int) -> None:
        self._crew = crew
        self._fetch = fetch
        self._size = size
        self._segments: dict[int, _Segment] = {}
        self._runs: OrderedDict[int, int] = OrderedDict()  # what was asked for: ends and starts

    def read_into(self, view: memoryview, position: int, until: int) -> None:
        """Fill the view with the bytes from ``position`` on; reading may go on to ``until``."""
        with self._crew.lock:
            stop = position + len(view)
            is_known = position in self._runs or self._holding(position) is not None
            self._note(position, stop)
            if is_known and len(view) <= WINDOW:
                self._expect(position, stop, max(stop, min(until, self._size)))
        while len(view):
            with self._crew.lock:
                segment = self._holding(position)
                if segment is not None:
                    self._crew.touch(segment)
            if segment is None:
                self._direct(view, position)
                return
            try:
                data = segment.job.result()
            except BaseException:
                with self._crew.lock:
                    self._crew.drop(segment)
                raise
            count = min(segment.stop - position, len(view))
            begin = position - segment.start
            view[:count] = memoryview(data)[begin : begin + count]
            with self._crew.lock:
                segment.left -= count
                if segment.left <= 0:
                    self._crew.drop(segment)
            view, position = view[count:], position + count

    def forget(self, segment: _Segment) -> None:
        """Drop a segment."""
        self._segments.pop(segment.start, None)

    def _note(self, position: int, stop: int) -> None:
        """Remember what is asked for; going back begins a new memory."""
        if self._run_over(position) is not None:
            self._runs.clear()
        self._runs[stop] = self._runs.pop(position, position)
        if len(self._runs) > _RUNS:
            self._runs.popitem(last=False)

    def _expect(self, position: int, stop: int, limit: int) -> None:
        """Order what is missing in front of a reader that goes forward."""
        reach = min(limit, stop + WINDOW)
        while position < reach:
            held, needed = self._holding(position), position < stop
            if held is None and not needed and (end := self._run_over(position)) is not None:
                position = end  # somebody else reads that
                continue
            if held is None:
                end = min(position + STEP, limit, self._next(position))
                held = self._crew.order(self, self._fetch, position, end, is_needed=needed)
                if held is None:
                    return
                self._segments[held.start] = held
            position = held.stop

    def _holding(self, position: int) -> _Segment | None:
        return next((s for s in self._segments.values() if s.start <= position < s.stop), None)

    def _run_over(self, position: int) -> int | None:
        found = (end for end, start in self._runs.items() if start <= position < end)
        return next(found, None)

    def _next(self, position: int) -> int:
        starts = [start for start in (*self._segments, *self._runs.values()) if start > position]
        return min(starts, default=self._size)

    def _direct(self, view: memoryview, position: int) -> None:
        """Fetch exactly these bytes, in several requests at once where they are many."""
        if len(view) <= STEP:
            self._fetch(view, position)
            return
        jobs = [
            self._crew.submit(self._fetch, view[start : start + STEP], position + start)
            for start in range(0, len(view), STEP)
        ]
        try:
            for job in jobs:
                job.result()
        finally:
            for job in jobs:
                if not job.cancel():
                    job.exception()  # the view is the caller's again when nobody writes into it
