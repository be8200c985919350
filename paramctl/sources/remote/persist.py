"""Trying again: a few times, with growing pauses, only for what may pass."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from paramctl.errors import CheckpointError
from paramctl.sources.remote.store import PassingError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Patience:
    """How long to go on.

    Attributes:
        tries: in all.
        pause: seconds before the second try; twice as long before each further one.
        longest: seconds; who asks for a longer wait has said no.
    """

    tries: int = 5
    pause: float = 0.5
    longest: float = 120.0

    def before(self, failures: int, error: PassingError) -> float:
        """Seconds to wait after so many failures; they vary, so that many clients don't march."""
        if error.wait is not None:
            return error.wait
        return float(self.pause * 2 ** (failures - 1) * random.uniform(0.75, 1.25))


PATIENCE = Patience()


def persist(
    attempt: Callable[[], Result],
    where: str,
    closed: threading.Event,
    patience: Patience | None = None,
) -> Result:
    """The result of the first try that does not fail for a passing reason.

    Args:
        closed: set when nobody waits for the result any more.

    Raises:
        CheckpointError: no try succeeded.
    """
    patience, failures = patience or PATIENCE, 0
    while True:
        try:
            return attempt()
        except PassingError as error:
            failures += 1
            if failures >= patience.tries:
                raise CheckpointError(
                    f"{error.problem}, {failures} times in a row",
                    where=where,
                    hint="try again later",
                ) from error
            wait = patience.before(failures, error)
            if wait > patience.longest:
                raise CheckpointError(
                    f"{error.problem}, and asks to wait {wait:.0f} seconds",
                    where=where,
                    hint="try again then",
                ) from error
        if closed.wait(wait):
            raise CheckpointError("it was closed while it was read", where=where)
