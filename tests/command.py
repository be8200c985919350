"""Command lines as a user types them, run in this process or in a fresh one."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as strict JSON."""
        return json.loads(self.out, parse_constant=_refuse)

    @property
    def rows(self) -> list[list[str]]:
        """Standard output as tab-separated rows."""
        return [line.split("\t") for line in self.out.splitlines()]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


@contextlib.contextmanager
def _working_in(folder: Path | None) -> Iterator[None]:
    if folder is None:
        yield
        return
    with contextlib.chdir(folder):
        yield


def call(*arguments: str | Path, cwd: Path | None = None, stdin: str = "") -> Result:
    """Run ``paramctl`` in this process with its standard streams in memory."""
    from paramctl.cli.app import run

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
    keyboard, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        with _working_in(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([str(argument) for argument in arguments])
    finally:
        sys.stdin = keyboard
    for stream in (out, err):
        stream.flush()
    return Result(code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode())


def expect(code: int, *arguments: str | Path, cwd: Path | None = None, stdin: str = "") -> Result:
    """Run ``paramctl`` in this process and insist on its exit code."""
    result = call(*arguments, cwd=cwd, stdin=stdin)
    assert result.code == code, f"exit {result.code}\n{result.out}\n{result.err}"
    return result


def spawn(*arguments: str | Path, cwd: Path | None = None, **options: Any) -> Result:
    """Run ``paramctl`` in a fresh process with pipes for its streams."""
    done = subprocess.run(
        [sys.executable, "-m", "paramctl", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        env={**os.environ, **options.pop("env", {})},
        **options,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


_MEASURED = """
import re, sys
from pathlib import Path
from paramctl.cli.app import run
code = run(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1], file=sys.stderr)
sys.exit(code)
"""


def peak_memory(*arguments: str | Path, cwd: Path | None = None) -> int:
    """Peak resident bytes of ``paramctl`` in a fresh process.

    The process tells its own high-water mark: what the kernel reports to a parent includes the
    parent's memory at the moment of the fork.
    """
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *map(str, arguments)], cwd=cwd, capture_output=True
    )
    err = done.stderr.decode()
    assert done.returncode == 0, err
    return int(err.split()[-1]) << 10


def heed_interrupts() -> None:
    """For ``preexec_fn``: a child that hears SIGINT, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
