"""The files behind a source: which are opened, how many at a time, and none in place of another."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import spell

from paramctl.errors import CheckpointError
from paramctl.sources.open import open_source

FOLDER = Path(__file__).parents[2] / "fixtures" / "checkpoints"
ONE = {"a": ("U8", [1], b"a")}


def write(path, tensors=ONE):
    path.write_bytes(spell.checkpoint(tensors))
    return path


def from_standard_input(code, **options):
    program = f"from paramctl.sources.open import open_source\n{code}"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, check=True, **options).stdout.decode()


def test_standard_input_is_read_as_one_file():
    code = """
with open_source("-") as source:
    source.check_unchanged()
    print(source.where, len(source.manifest), len(source.raw("4.weight")), source.files)
"""
    content = (FOLDER / "tied.safetensors").read_bytes()
    found = from_standard_input(code, input=content)
    assert found == "standard input 8 256 (PosixPath('-'),)\n"


def test_nothing_of_standard_input_is_left_behind(tmp_path):
    code = """
import os
with open_source("-") as source:
    print(os.listdir(os.environ["TMPDIR"]))
"""
    content = (FOLDER / "mlp.safetensors").read_bytes()
    found = from_standard_input(code, input=content, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert found == "[]\n"


def test_hundreds_of_shards_need_few_descriptors(tmp_path):
    """200 shards under a limit of 24 open files: listed, then read in an order that defies it."""
    weight_map = {}
    for number in range(200):
        name = f"s-{number}.safetensors"
        write(tmp_path / name, {f"t{number}": ("U8", [1], bytes([number]))})
        weight_map[f"t{number}"] = name
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    code = f"""
import resource
from threading import Thread
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
with open_source({str(tmp_path)!r}) as source:
    found = []
    def read(start):
        found.append(all(source.raw(f"t{{i % 200}}") == bytes([i % 200])
                         for i in range(start, start + 1000, 7)))
    threads = [Thread(target=read, args=(50 * n,)) for n in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    source.check_unchanged()
    print(found)
"""
    assert from_standard_input(code) == "[True, True, True, True]\n"


def test_a_shard_replaced_before_it_is_opened_again_is_noticed(tmp_path):
    weight_map = {}
    for number in range(80):
        name = f"s-{number}.safetensors"
        write(tmp_path / name, {f"t{number}": ("U8", [1], b"a")})
        weight_map[f"t{number}"] = name
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with open_source(tmp_path) as source:
        first = tmp_path / "s-0.safetensors"
        write(tmp_path / "new", {"t0": ("U8", [1], b"b")}).rename(first)
        with pytest.raises(CheckpointError) as caught:
            source.raw("t0")
    assert str(caught.value) == (
        f"{first}: t0: the file changed while it was read: it was replaced by another file"
    )


@pytest.mark.parametrize("model", ["mlp.safetensors", "sharded", "dtypes.safetensors"])
def test_opening_a_model_loads_nothing_heavy(model):
    code = f"""
import sys
open_source({str(FOLDER / model)!r}).close()
print(sorted({{"numpy", "ml_dtypes", "yaml", "msgspec", "rich", "tempfile"}} & set(sys.modules)))
"""
    assert from_standard_input(code) == "[]\n"


def test_a_link_swapped_while_it_is_followed_never_leads_out(tmp_path, monkeypatch):
    """Whatever the moment, the file opened lies in the folder, or opening fails."""
    from paramctl.sources import paths

    model = tmp_path / "m"
    model.mkdir()
    write(model / "inside")
    write(tmp_path / "outside", {})
    (model / "s").symlink_to("inside")
    resolve = paths._resolved

    def swapped(path, where):
        target = resolve(path, where)
        (model / "inside").unlink()
        (model / "inside").symlink_to("../outside")
        return target

    monkeypatch.setattr(paths, "_resolved", swapped)
    with pytest.raises(CheckpointError) as caught:
        paths.open_inside(model, "s")
    assert str(caught.value) == f"{model}/s: this symbolic link changed while it was followed"


def test_a_folder_swapped_while_a_link_is_followed_never_leads_out(tmp_path, monkeypatch):
    from paramctl.sources import paths

    model, outside = tmp_path / "m", tmp_path / "out"
    (model / "real").mkdir(parents=True)
    outside.mkdir()
    write(model / "real" / "file")
    write(outside / "file", {})
    (model / "s").symlink_to("real/file")
    resolve = paths._resolved

    def swapped(path, where):
        target = resolve(path, where)
        (model / "real").rename(tmp_path / "old")
        (model / "real").symlink_to(outside)
        return target

    monkeypatch.setattr(paths, "_resolved", swapped)
    with pytest.raises(CheckpointError) as caught:
        paths.open_inside(model, "s")
    assert str(caught.value) == f"{model}/s: this symbolic link changed while it was followed"


def test_a_terminal_is_no_checkpoint(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda fd: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(CheckpointError) as caught:
        open_source("-")
    assert str(caught.value) == "standard input: no checkpoint comes in here"
    assert caught.value.hint == "pipe one in: `… | paramctl ls -`"


def test_standard_input_that_is_no_checkpoint_leaves_nothing_open():
    code = """
import os
from paramctl.errors import CheckpointError
before = os.listdir("/proc/self/fd")
try:
    open_source("-")
except CheckpointError as error:
    print(error.where, os.listdir("/proc/self/fd") == before)
"""
    assert from_standard_input(code, input=bytes(64)) == "standard input True\n"
