"""Standard input as a file: copied to one without a name, because reading needs positions."""

import os
import sys

from paramctl.errors import CheckpointError

_BLOCK = 1 << 20


def spool() -> int:
    """A descriptor of an unnamed temporary file that holds all of standard input.

    Raises:
        CheckpointError: standard input is closed or a terminal.
    """
    import tempfile

    if sys.stdin is None or sys.stdin.closed or os.isatty(0):
        raise CheckpointError(
            "no checkpoint comes in here",
            where="standard input",
            hint="pipe one in: `… | paramctl ls -`",
        )
    with tempfile.TemporaryFile() as file:
        while block := os.read(0, _BLOCK):
            file.write(block)
        file.flush()
        return os.dup(file.fileno())
