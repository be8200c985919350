"""Workers to test with: real ones in other processes, and one that only packs and unpacks jobs."""

import os
import pickle
import re
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paramctl.compute.executor import Workers


class Unpacked(Executor):
    """Does every job at once, as it comes out of a pickle."""

    def submit(self, function, *arguments):
        future = Future()
        function, arguments = pickle.loads(pickle.dumps((function, arguments)))
        try:
            future.set_result(pickle.loads(pickle.dumps(function(*arguments))))
        except Exception as error:
            future.set_exception(pickle.loads(pickle.dumps(error)))
        return future


class Packing(Workers):
    """Workers to whom everything has to travel, and who are here."""

    name = "packing"

    def open(self):
        return Unpacked()

    def count(self):
        return 2


@contextmanager
def dask_cluster():
    """The address of a scheduler with two workers of one thread, on ports that were free."""
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    base = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [*base, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    workers = None
    try:
        address = next(
            found[0]
            for line in scheduler.stderr
            if (found := re.search(r"tcp://[\d.]+:\d+", line)) and "Scheduler at" in line
        )
        base[-1] = "distributed.cli.dask_worker"
        workers = subprocess.Popen(
            [*base, address, "--nthreads", "1", "--nworkers", "2", "--no-dashboard"],
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        yield address
    finally:
        for process in (workers, scheduler):
            if process is not None:
                process.send_signal(signal.SIGTERM)
                process.wait()
        scheduler.stderr.close()


@dataclass(frozen=True)
class Deadly:
    """A source that ends the process that first reads from it, and serves whoever comes next.

    Attributes:
        source: where bytes come from.
        marker: a file that is there once a process has died; ``None`` to go on with it.
    """

    source: object
    marker: Path | None

    def read_into(self, name, buffer, start=0):
        die_once(self.marker)
        self.source.read_into(name, buffer, start)


def die_once(marker):
    """End this process at once, unless one has done so already."""
    if marker is not None:
        try:
            marker.touch(exist_ok=False)
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)


def deadly_blocks(marker, content):
    """The blocks of a content, behind which the first process dies."""
    yield from content.blocks()
    die_once(marker)


def contents(folder):
    """Every file below a folder with its bytes and mode."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
