"""``dask:ADDRESS``: the workers of a dask scheduler, on any number of machines.

ADDRESS is tcp://HOST:PORT, or the .json file that the scheduler writes where one is told to.
"""

import json
import time
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from pathlib import Path
from typing import Any

from paramctl.compute.executor import EXECUTORS, KNOWN, Workers, lost
from paramctl.errors import ResourceError, UsageError
from paramctl.names import show

_PATIENCE = 10  # seconds for the scheduler to answer
_COMING = 60  # seconds for a scheduler's file, and for a first worker, to appear
_COUNTED = 5  # seconds after which the workers are counted again: they come and go


@EXECUTORS.register("dask")
class Dask(Workers):
    """A connection to a scheduler; a lost worker's jobs are done by the others."""

    name = "dask"

    def __init__(self, argument: str) -> None:
        super().__init__(argument)
        if not argument:
            raise UsageError("dask: takes the address of a scheduler", hint=KNOWN)
        self._client: Any = None
        self._counted, self._when = 0, 0.0

    def open(self) -> Executor:
        """The scheduler's executor, once a worker is there."""
        self._connect()
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def count(self) -> int:
        """Threads of all workers there are at the moment."""
        self._connect()
        now = time.monotonic()
        if not self._counted or now - self._when > _COUNTED:
            self._counted = sum(self._client.nthreads().values()) or self._counted
            self._when = now
        return self._counted

    def shut(self, executor: Executor) -> None:
        """Drop what is left to do and leave the scheduler."""
        executor.shutdown(wait=False)
        client, self._client = self._client, None
        client.close()

    def close(self) -> None:
        """Leave the scheduler, also where nothing was done."""
        super().close()
        if self._client is not None:
            client, self._client = self._client, None
            client.close()

    def explain(self, error: BaseException) -> BaseException:
        """What the scheduler says of workers and connections, in words of ours."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            return lost(4)
        if isinstance(error, CancelledError | BrokenExecutor):
            return ResourceError("the scheduler went away", where=show(self.argument))
        return error

    def _connect(self) -> None:
        if self._client is not None:
            return
        try:
            import distributed
        except ImportError:
            raise UsageError(
                "dask is not installed here", hint="pip install 'paramctl[cluster]'"
            ) from None
        where, address = show(self.argument), _address(self.argument)
        try:
            client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            problem = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
            raise ResourceError(
                f"no dask scheduler answers: {show(problem)}",
                where=where,
                hint="start one with `dask scheduler`, and workers with `dask worker ADDRESS`",
            ) from None
        try:
            client.wait_for_workers(1, timeout=_COMING)
        except (OSError, TimeoutError):
            client.close()
            raise ResourceError(
                "the scheduler has no workers",
                where=where,
                hint=f"start some with `dask worker {where}`",
            ) from None
        self._client = client


def _address(text: str) -> str:
    """The address that ``tcp://HOST:PORT`` is, or that a scheduler has written into a file.

    Raises:
        ResourceError: there is no such file, and none comes.
    """
    if "://" in text or not text.endswith(".json"):
        return text
    deadline = time.monotonic() + _COMING
    while True:
        try:
            return str(json.loads(Path(text).read_bytes())["address"])
        except (OSError, ValueError, KeyError, TypeError):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    raise ResourceError(
        "no scheduler has written its address there",
        where=show(text),
        hint=f"start one with `dask scheduler --scheduler-file {show(text)}`",
    )
