"""Start-up is a feature: what is not needed is not loaded."""

import subprocess
import sys
from pathlib import Path

import pytest
from command import spawn
from remote_servers import serving

FIXTURES = Path(__file__).parent.parent / "fixtures"
HEAVY = ("numpy", "ml_dtypes", "cupy", "yaml", "msgspec", "rich", "safetensors", "paramctl.engine")
NETWORK = ("http.client", "ssl", "socket", "urllib.request", "paramctl.sources.remote")


def loaded_by(*arguments: str, among: tuple[str, ...] = HEAVY + NETWORK) -> set[str]:
    """The modules, of the heavy ones, that a command in a pipe leaves loaded."""
    script = (
        "import sys\nfrom paramctl.cli.app import run\n"
        f"code = run({list(arguments)!r})\n"
        f"print('LOADED', *(m for m in {among!r} if m in sys.modules))\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_version_needs_no_command_line_library():
    script = (
        "import sys; sys.argv = ['paramctl', '--version']\n"
        "from paramctl.__main__ import main\nmain()\nassert 'typer' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "paramctl 0.1.0\n"


@pytest.mark.parametrize("verb", ["ls", "inspect", "meta"])
def test_a_header_verb_on_a_plain_file_loads_nothing_heavy(verb):
    assert loaded_by(verb, str(FIXTURES / "checkpoints" / "mlp.safetensors")) == set()


@pytest.mark.parametrize("verb", ["hash", "stats", "check"])
def test_a_verb_that_reads_values_here_loads_nothing_of_a_network(verb):
    path = str(FIXTURES / "checkpoints" / "mlp.safetensors")
    assert loaded_by(verb, path, among=NETWORK) == set()


def test_a_header_verb_on_an_address_loads_the_network_alone():
    folder = FIXTURES / "checkpoints" / "sharded"
    with serving(folder) as shop:
        assert loaded_by("ls", shop.url, among=(*HEAVY, "obstore", "huggingface_hub")) == set()


def test_help_loads_nothing_heavy():
    assert loaded_by("-h") == set()


def test_the_module_runs_like_the_script():
    assert spawn("--version").out == "paramctl 0.1.0\n"
