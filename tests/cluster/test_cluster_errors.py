"""What goes wrong with workers is said in one line, in bounded time, and leaves nothing behind."""

import os
import signal
import subprocess
import sys

import pytest
from clusters import Packing
from command import call, expect, heed_interrupts

from paramctl.compute import elsewhere
from paramctl.compute.elsewhere import Parcel, perform
from paramctl.compute.executors import dask
from paramctl.compute.jobs import Job, map_jobs, using
from paramctl.errors import ResourceError
from paramctl.formats import parts
from paramctl.sources.open import open_source

KNOWN = "hint: executors are threads:N, processes:N, dask:ADDRESS and mpi\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ray", "no executor named 'ray'"),
        ("", "no executor named ''"),
        ("processes", "processes:N takes a number from 1 on, not ''"),
        ("processes:0", "processes:N takes a number from 1 on, not '0'"),
        ("threads:two", "threads:N takes a number from 1 on, not 'two'"),
        ("dask", "dask: takes the address of a scheduler"),
    ],
)
def test_a_text_that_is_no_executor_is_refused(models, text, problem):
    result = expect(2, "stats", models / "a", "--executor", text)
    assert result.err == f"paramctl: {problem}\n{KNOWN}"


def test_threads_and_an_executor_are_one_too_many(models):
    result = expect(2, "stats", models / "a", "--executor", "processes:2", "--threads", "2")
    assert result.err == (
        "paramctl: --threads and --executor both say who works\nhint: leave one out\n"
    )


def test_threads_are_an_executor_too(models):
    assert call("hash", models / "a", "--executor", "threads:2") == call("hash", models / "a")


def test_a_scheduler_that_does_not_answer_is_given_up(models, monkeypatch):
    monkeypatch.setattr(dask, "_PATIENCE", 1)
    result = expect(4, "stats", models / "a", "--executor", "dask:tcp://127.0.0.1:1")
    assert result.err == (
        "paramctl: tcp://127.0.0.1:1: no dask scheduler answers: "
        "Timed out trying to connect to tcp://127.0.0.1:1 after 1 s\n"
        "hint: start one with `dask scheduler`, and workers with `dask worker ADDRESS`\n"
    )


def test_a_scheduler_that_writes_no_file_is_given_up(models, monkeypatch, tmp_path):
    monkeypatch.setattr(dask, "_COMING", 0)
    result = expect(4, "stats", models / "a", "--executor", "dask:no.json")
    assert result.err == (
        "paramctl: no.json: no scheduler has written its address there\n"
        "hint: start one with `dask scheduler --scheduler-file no.json`\n"
    )


def test_a_scheduler_that_goes_away_is_told():
    from concurrent.futures import CancelledError

    found = dask.Dask("tcp://host:1").explain(CancelledError())
    assert str(found) == "tcp://host:1: the scheduler went away"
    assert found.exit_code == 4


def test_a_file_tells_where_the_scheduler_is(tmp_path):
    file = tmp_path / "cluster.json"
    file.write_text('{"address": "tcp://host:1"}')
    assert dask._address(str(file)) == "tcp://host:1"
    assert dask._address("tcp://host:2") == "tcp://host:2"


def test_without_dask_the_command_that_installs_it_is_named(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = expect(2, "stats", models / "a", "--executor", "dask:tcp://127.0.0.1:1")
    assert result.err == (
        "paramctl: dask is not installed here\nhint: pip install 'paramctl[cluster]'\n"
    )


def test_mpi_wants_mpiexec(models):
    result = expect(2, "stats", models / "a", "--executor", "mpi")
    assert result.err == (
        "paramctl: this was not started as an MPI program with workers\n"
        "hint: run mpiexec -n 3 python -m mpi4py.futures -m paramctl VERB … --executor mpi\n"
    )


def test_standard_input_stays_here(models, workers):
    with (models / "a" / "model-00001-of-00003.safetensors").open("rb") as stream:
        keyboard = os.dup(0)
        os.dup2(stream.fileno(), 0)
        try:
            with using(workers):
                result = expect(2, "stats", "-")
        finally:
            os.dup2(keyboard, 0)
    assert result.err == (
        "paramctl: standard input can't be read by other processes\n"
        "hint: name a file that all of them can open\n"
    )


def test_what_a_recipe_lays_out_stays_here(models, packing, tmp_path):
    (tmp_path / "same.yaml").write_text("steps:\n  - cast: {dtype: f32}\n")
    with using(packing):
        result = expect(2, "diff", "a", "b", "--map", tmp_path / "same.yaml", cwd=models)
    assert result.err == (
        "paramctl: what a recipe lays out can't be read by other processes\n"
        "hint: write it with `paramctl apply` and compare that, or leave out --executor\n"
    )


def reread(source, items):
    return [source.raw(name) for name in items]


def opened_elsewhere(packing, source):
    """What a worker makes of a source that was opened here."""
    from functools import partial

    with using(packing):
        [(_, found)] = map_jobs(partial(reread, source), [Job(("x",), 1)])
    return found


@pytest.fixture
def file(tmp_path):
    """A file of one tensor."""
    text = b'{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}   '
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"abcd")
    return path


def place():
    return elsewhere.place()


def test_a_worker_reads_what_was_opened(file, packing):
    with open_source(file) as source:
        assert opened_elsewhere(packing, source) == [b"abcd"]


def test_a_worker_without_the_file_says_so(file, packing):
    with open_source(file) as source:
        file.rename(file.with_suffix(".gone"))
        with pytest.raises(Exception, match="a worker") as error:
            opened_elsewhere(packing, source)
    assert error.value.exit_code == 3
    assert str(error.value) == (
        f"{file} at {place()}: a worker can't open it: {file}: no such file"
    )
    assert error.value.hint == (
        "every worker has to find it under this name: on a shared disk, or by its URL"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'"x"', b'"y"', "is as long, but its header says something else"),
        (b"[4]", b"[5]", "has 69 bytes, wanted 68"),
    ],
)
def test_a_worker_with_another_file_says_so(file, packing, old, new, problem):
    with open_source(file) as source:
        data = (
            file.read_bytes()
            .replace(old, new)
            .replace(
                b"0,4]", b"0,%c]" % new[1 if new[0] == 91 else 0] if new == b"[5]" else b"0,4]"
            )
        )
        file.unlink()
        file.write_bytes(data + b"e" * (new == b"[5]"))
        with pytest.raises(Exception, match="a worker") as error:
            opened_elsewhere(packing, source)
    assert str(error.value) == (
        f"{file} at {place()}: a worker finds another checkpoint there: {file} {problem}"
    )
    assert error.value.hint == "give all workers the same files, and run it again"


def test_another_version_is_refused():
    with pytest.raises(ResourceError) as error:
        perform(Parcel("0.0", len, ()))
    assert error.value.problem.endswith(", not 0.0")
    assert error.value.hint == "install the same version for all of them"


class Unlike(Packing):
    """Workers that don't have what is asked for."""

    def submit(self, function, job):
        return super().submit(no_such_module, job)


def no_such_module(job):
    raise ModuleNotFoundError("No module named 'paramctl'")


def test_a_worker_without_paramctl_is_told_from_a_bug():
    with using(Unlike("")), pytest.raises(ResourceError) as error:
        list(map_jobs(len, [Job((1,), 1)]))
    assert (
        error.value.problem == "a worker can't do what is asked of it: No module named 'paramctl'"
    )


def test_a_worker_that_does_not_see_the_output_says_so(tmp_path):
    with pytest.raises(ResourceError) as error:
        parts.write_parts(str(tmp_path), [], [parts.Part("m.safetensors", 9, None)])
    assert error.value.problem == (
        "a worker can't open what is being written: no such file or directory"
    )
    (tmp_path / "m.safetensors").write_bytes(bytes(9))
    with pytest.raises(ResourceError) as error:
        parts.write_parts(str(tmp_path), [], [parts.Part("m.safetensors", 9, None)])
    assert error.value.problem == "a worker finds another file here"


def test_an_interrupt_leaves_neither_files_nor_processes(tmp_path):
    """Ctrl-C while workers write: exit 130, no output, no part of one."""
    size = 2 << 30
    text = b'{"x":{"dtype":"F32","shape":[%d],"data_offsets":[0,%d]}}' % (size // 4, size)
    text += b" " * (-len(text) % 8)
    with (tmp_path / "x.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size)
    line = [sys.executable, "-m", "paramctl", "cast", "x.safetensors", "bf16", "-o", "out"]
    command = subprocess.Popen(
        [*line, "--executor", "processes:2"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    while command.poll() is None and not list(tmp_path.glob(".out.*/*.safetensors")):
        pass
    os.killpg(command.pid, signal.SIGINT)
    # Its standard error ends when the last process that holds it does.
    assert command.communicate()[1] == b"selected 1 of 1 tensors\n"
    assert command.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]
