"""``processes:N``: processes on this machine."""

import os
from concurrent.futures import Executor, ProcessPoolExecutor

from paramctl.compute.executor import EXECUTORS, Workers, number


@EXECUTORS.register("processes")
class Processes(Workers):
    """Fresh interpreters, so that no lock or thread of this one is copied into them."""

    name = "processes"

    def __init__(self, argument: str) -> None:
        super().__init__(argument)
        self._count = number(argument, "processes")

    def open(self) -> Executor:
        """A pool of them."""
        from multiprocessing import get_context

        return ProcessPoolExecutor(self._count, get_context("spawn"), _begin)

    def count(self) -> int:
        """As many as were asked for."""
        return self._count

    def shut(self, executor: Executor) -> None:
        """End the processes, whatever they are doing."""
        assert isinstance(executor, ProcessPoolExecutor)
        processes = list((executor._processes or {}).values())
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        executor.shutdown(wait=True)


def _begin() -> None:
    """Leave interrupts to the parent, and end when it does."""
    import multiprocessing
    import signal
    import threading
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
