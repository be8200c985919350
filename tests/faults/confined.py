"""One command with fewer rights than the tests have; run as a script.

    python tests/faults/confined.py nobody|BYTES FOLDER WORD…

``nobody`` gives up being root, a number limits the size of files. What the command imports is
imported before that, as nobody may not be allowed to read it.
"""

import contextlib
import io
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2])]

from paramctl.cli.app import run  # noqa: E402

NOBODY = 65534


def warm_up(model: str) -> None:
    """Run an edit that works and two that don't."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "in.safetensors"
        shutil.copyfile(model, copy)
        edit = ["set", str(copy), "b.weight", "1", "-q"]
        assert run([*edit, "--in-place"]) == 0
        assert run([*edit, "-o", f"{folder}/out"]) == 0
        with contextlib.redirect_stderr(io.StringIO()):
            assert run([*edit, "-o", f"{folder}/missing/out"]) == 4
            assert run(["set", f"{folder}/missing", "b.weight", "1", "--in-place"]) == 3


def confine(how: str) -> None:
    """Give up what ``how`` says."""
    if how != "nobody":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(how), int(how)))
    elif os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


if __name__ == "__main__":
    os.chdir(sys.argv[2])
    warm_up(sys.argv[4])
    confine(sys.argv[1])
    sys.exit(run(sys.argv[3:]))
