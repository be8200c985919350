"""Run many specs in one process that watches itself: ``python audited.py SPEC_FOLDER``.

Prints one JSON line per spec: its name, what became of it, its CPU seconds. A forbidden event
ends the process at once with status 9 and names itself on stderr.
"""

import ast
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import paramctl
from paramctl.engine.execution import Execution
from paramctl.engine.function import function_names
from paramctl.errors import ParamctlError
from paramctl.run.values import named_tensors
from paramctl.spec.load import load_spec
from paramctl.spec.shapes import call_model, with_defaults
from paramctl.spec.sized import sized

MEMORY = 300 << 20
SECONDS = 120  # of CPU, for all of them
PACKAGE = Path(paramctl.__file__).parent / "spec"
FORBIDDEN = (
    "exec", "import", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
    "os.spawn", "os.startfile", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate",
    "os.chmod", "os.chown", "os.link", "os.symlink", "os.utime", "os.putenv",
    "subprocess.Popen", "pickle.find_class", "marshal.loads", "ctypes.dlopen",
    "code.__new__", "function.__new__", "object.__setattr__", "object.__delattr__",
    "sys._getframe.modules", "shutil.rmtree", "tempfile.mkstemp", "mmap.__new__", "glob.glob",
)  # fmt: skip
PREFIXES = ("socket.", "ctypes.", "urllib.", "ftplib.", "webbrowser.", "gc.", "winreg.", "pty.")


def perform(path: Path) -> str:
    """What becomes of a spec: the class of its error, ``ran``, or ``built`` if too large to run."""
    try:
        spec = load_spec(path)
        module = sized(spec)
        numel = [found.numel for _, found in module.unique_parameters()]
        if len(numel) > 100 or any(count is None or count > 10_000 for count in numel):
            return "built"
        for name, found in module.unique_parameters():
            found.value = np.full(found.shape, 0.1 + 0.001 * len(name), np.float32)
        run = Execution()
        given = {name: run.constant(_input(spec, name), name) for name in spec.input_names}
        if not named_tensors(call_model(run, spec, module, with_defaults(run, spec, given))):
            return "UsageError"
    except (ParamctlError, MemoryError) as error:
        return type(error).__name__
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    return "ran"


def _input(spec, name: str):
    declared = spec.inputs.get(name)
    if declared is None or declared.shape is None:
        return np.ones((2, 4), np.float32)
    shape = [size if isinstance(size, int) and size < 99 else 4 for size in declared.shape]
    return np.ones(shape, "int64" if "int" in declared.dtype else "float32")


def watch(allowed: Path) -> Callable[[str, tuple], None]:
    """An audit hook that ends the process when anything but a spec is touched."""

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode = str(arguments[0]), arguments[2]
            reads = not mode & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            is_yaml = path.endswith(".yaml") and Path(path).is_relative_to(PACKAGE)
            # A descriptor; or what Python looks for to show the line of a syntax error.
            is_open_already = isinstance(arguments[0], int) or path == "<unknown>"
            if reads and (is_yaml or is_open_already or Path(path).parent == allowed):
                return
        elif event in ("os.listdir", "os.scandir"):
            if Path(arguments[0]).is_relative_to(PACKAGE):
                return  # names of families, for hints
        elif event == "compile":
            if sys._getframe(1).f_code is ast.parse.__code__:
                return  # a syntax tree, no code
        elif event not in FORBIDDEN and not event.startswith(PREFIXES):
            return
        os.write(2, f"{event} {arguments!r}\n".encode())
        os._exit(9)

    return hook


def timed(path: Path) -> tuple[str, float]:
    """What becomes of a spec, and the CPU seconds it took."""
    start = time.process_time()
    became = perform(path)
    return became, time.process_time() - start


def main(folder: Path) -> None:
    """Run every spec of the folder, the first few unwatched, to load what loads late."""
    for path in sorted((folder / "warm").iterdir()):
        perform(path)
    function_names()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    print_line = sys.stdout.write
    sys.addaudithook(watch(folder))
    for path in paths:
        became, seconds = timed(path)
        for _ in range(3):  # other processes may have had the caches
            if 0.5 < seconds < 3 and not path.name.startswith("large"):
                seconds = min(seconds, timed(path)[1])
        print_line(json.dumps([path.name, became, seconds]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
