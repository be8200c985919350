"""The entry point; answers ``--version`` before anything heavy is imported."""

import gc
import os
import sys


def main() -> None:
    """Run one command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from paramctl import __version__

        print(f"paramctl {__version__}")
        return
    gc.set_threshold(10_000)  # imports and long lists make many objects and no garbage
    from paramctl.cli.app import run

    _leave(run(sys.argv[1:]))


def _leave(code: int) -> None:
    """End at once: every file and thread is closed by now, and tidying modules takes a while."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        sys.exit(code)  # Python has its own way with an output that can't be flushed
    if sys.modules.keys() & {"multiprocessing.util", "mpi4py.futures"}:
        sys.exit(code)  # shared locks have names to be taken back, other ranks are to be let go
    os._exit(code)


if __name__ == "__main__":
    main()
