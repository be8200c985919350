"""Start-up, next to importing the command-line library alone.

python benchmarks/start.py [--quick]
"""

import sys
from pathlib import Path

from checkpoints import plain
from measured import Given, Table, command, run

PARAMCTL = Path(sys.executable).with_name("paramctl")


def start(given: Given) -> None:
    """Print the table."""
    model = plain(given.folder / "plain.safetensors", 200)
    table = Table("Start-up", peaks=False)
    peer = [sys.executable, "-c", "import typer"]
    for what, words in (
        ("--version", ["--version"]), ("-h", ["-h"]), ("ls of 200 tensors", ["ls", model]),
        ("inspect of 200 tensors", ["inspect", model]), ("stats of 200 tensors", ["stats", model]),
    ):  # fmt: skip
        table.row(what, "import typer", lambda w=words: command(PARAMCTL, *w),
                  lambda: command(*peer), 5 * given.rounds)  # fmt: skip


if __name__ == "__main__":
    run(__doc__, start)
