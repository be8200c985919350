"""Threads that stay, for many short rounds of work: a forward hands out hundreds of them.

Starting a thread costs as much as a small matrix product, and a new thread has no buffers yet.
Each round is a number of parts that don't depend on how many threads there are; whoever is free
takes the next one, the calling thread too.
"""

import os
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from paramctl.compute.pool import threads

Part = Callable[[int], Any]


class _Round:
    """Parts that are handed out, what came of them, and who still works on them."""

    def __init__(self, function: Part, parts: int) -> None:
        self.function = function
        self.parts = parts
        self.next = count().__next__  # one step of the interpreter, so no two get one number
        self.results: list[Any] = [None] * parts
        self.errors: dict[int, BaseException] = {}

    def work(self) -> None:
        """Do parts until none is left or one went wrong."""
        while (part := self.next()) < self.parts and not self.errors:
            try:
                self.results[part] = self.function(part)
            except BaseException as error:  # handed on to who gave the round out
                self.errors[part] = error


class _Helper:
    """A thread that waits for rounds."""

    def __init__(self) -> None:
        self._given = threading.Lock()
        self.done = threading.Lock()
        self._given.acquire()
        self.done.acquire()
        self._round: _Round | None = None
        threading.Thread(target=self._run, name="paramctl-team", daemon=True).start()

    def give(self, work: _Round) -> None:
        """Let it take part in a round; ``done`` opens when it is through."""
        self._round = work
        self._given.release()

    def _run(self) -> None:
        import numpy as np

        np.seterr(all="ignore")  # kept per thread; what is not finite is found in the results
        while True:
            self._given.acquire()
            if self._round is not None:
                self._round.work()
            self._round = None
            self.done.release()


_helpers: list[_Helper] = []
_in_use = threading.Lock()


def run_parts(function: Part, parts: int) -> list[Any]:
    """What ``function`` gives for 0, 1 … ``parts - 1``, in that order.

    A round that is given out while another one runs is done by its caller alone. The first
    error, in the order of the parts that ran, is raised.
    """
    work = _Round(function, parts)
    wanted = min(threads(), parts) - 1
    if wanted < 1 or not _in_use.acquire(blocking=False):
        work.work()
    else:
        try:
            _together(work, wanted)
        finally:
            _in_use.release()
    if work.errors:
        raise work.errors[min(work.errors)]
    return work.results


def _together(work: _Round, wanted: int) -> None:
    while len(_helpers) < wanted:
        _helpers.append(_Helper())
    chosen = _helpers[:wanted]
    for helper in chosen:
        helper.give(work)
    try:
        work.work()
        for helper in chosen:
            helper.done.acquire()
    except BaseException:  # an interrupt: who is still at work is not asked again
        work.errors[-1] = KeyboardInterrupt()
        _helpers.clear()
        raise


def _forget() -> None:
    """A forked process has none of the threads."""
    global _in_use
    _helpers.clear()
    _in_use = threading.Lock()


os.register_at_fork(after_in_child=_forget)
