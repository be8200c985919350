"""The ranks of an MPI program do the same work, and its exit codes arrive."""

import os
import subprocess
import sys
from pathlib import Path

from clusters import contents
from command import expect

MPIEXEC = Path(sys.executable).with_name("mpiexec")


def run(*words, cwd):
    line = [MPIEXEC, "-n", "3", sys.executable, "-m", "mpi4py.futures", "-m", "paramctl"]
    return subprocess.run(
        [*line, *words, "--executor", "mpi"], cwd=cwd, capture_output=True, env=os.environ
    )


def test_a_look_through_mpi_is_the_same(models):
    done = run("stats", "a", cwd=models)
    assert (done.returncode, done.stdout.decode()) == expect(0, "stats", "a", cwd=models)[:2]


def test_a_difference_is_exit_1_through_mpi(models):
    done = run("diff", "a", "b", cwd=models)
    assert (done.returncode, done.stdout.decode()) == expect(1, "diff", "a", "b", cwd=models)[:2]


def test_an_edit_through_mpi_is_the_same(models, tmp_path):
    done = run("cast", "a", "bf16", "-o", tmp_path / "there", cwd=models)
    assert done.returncode == 0, done.stderr.decode()
    expect(0, "cast", "a", "bf16", "-o", tmp_path / "here", cwd=models)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "there"]
