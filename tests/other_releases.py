"""Other releases of a package, put by pip into a folder of their own."""

import subprocess
import sys
from pathlib import Path


def install(folder: Path, *requirements: str) -> Path:
    """A folder with these packages and nothing that they depend on, for ``PYTHONPATH``."""
    options = ["--no-deps", "--quiet", "--no-compile", "--disable-pip-version-check"]
    subprocess.run(
        [_python_with_pip(), "-m", "pip", "install", *options, "--target", folder, *requirements],
        check=True,
    )
    return folder


def _python_with_pip() -> str:
    """This interpreter, or the one that its environment was made with."""
    for python in (sys.executable, sys._base_executable):
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            return python
    raise AssertionError("no pip here: the tests install old releases of NumPy and safetensors")
