"""A checkpoint that is not there: what git compares with where a file came or went."""

import os
from typing import Any

from paramctl.errors import CheckpointError
from paramctl.figures.pieces import Readable
from paramctl.manifest import Manifest


class Nothing(Readable):
    """A side without tensors."""

    def __init__(self) -> None:
        self.manifest = Manifest([])

    def read_into(self, name: str, buffer: Any, start: int = 0) -> None:
        """There is nothing to read.

        Raises:
            CheckpointError: always.
        """
        raise CheckpointError("no such tensor", where=name)

    def check_unchanged(self) -> None:
        """It can't change."""


def is_nothing(model: str) -> bool:
    """Whether a name is what git says in place of a file that is not there."""
    return model == os.devnull
