"""What a MODEL means, and what opening it brings; ``tests/hostile`` has what is refused."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors
import spell

from paramctl.errors import CheckpointError
from paramctl.formats.entries import shape_text
from paramctl.sources.open import open_source

FOLDER = Path(__file__).parents[2] / "fixtures" / "checkpoints"
SHARDED = FOLDER / "sharded"
ONE = {"a": ("U8", [1], b"a")}


def write(path, tensors=ONE):
    path.write_bytes(spell.checkpoint(tensors))
    return path


def test_a_folder_means_its_index():
    with open_source(SHARDED) as source:
        assert source.is_sharded
        assert [path.name for path in source.files] == [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
        ]
        assert source.index_path == SHARDED / "model.safetensors.index.json"
        assert source.where == str(SHARDED)


def test_an_index_means_the_same_as_its_folder():
    with open_source(SHARDED) as folder, open_source(folder.index_path) as index:
        assert index.manifest.entries == folder.manifest.entries
        assert index.sides() == folder.sides()


def test_a_folder_without_index_means_its_model_file(tmp_path):
    write(tmp_path / "adapter_model.safetensors", {})
    write(tmp_path / "model.safetensors")
    with open_source(tmp_path) as source:
        assert source.files == (tmp_path / "model.safetensors",)
        assert not source.is_sharded


def test_a_folder_with_one_file_means_that(tmp_path):
    write(tmp_path / "unet.safetensors")
    with open_source(tmp_path) as source:
        assert source.files == (tmp_path / "unet.safetensors",)


def test_an_index_of_another_stem_is_found(tmp_path):
    write(tmp_path / "unet-00001-of-00001.safetensors")
    index = {"weight_map": {"a": "unet-00001-of-00001.safetensors"}}
    (tmp_path / "unet.safetensors.index.json").write_text(json.dumps(index))
    with open_source(tmp_path) as source:
        assert source.manifest.names == ["a"]


def test_a_whole_model_that_the_index_lists_is_its_shard(tmp_path):
    write(tmp_path / "model.safetensors")
    index = {"weight_map": {"a": "model.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with open_source(tmp_path) as source:
        assert source.is_sharded


def test_a_file_that_the_user_names_may_be_a_link(tmp_path):
    write(tmp_path / "blob")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "link.safetensors").symlink_to(tmp_path / "blob")
    with open_source(tmp_path / "m" / "link.safetensors") as source:
        assert source.raw("a") == b"a"


def test_an_index_that_the_user_names_may_be_a_link(tmp_path):
    (tmp_path / "m").mkdir()
    write(tmp_path / "m" / "s.safetensors")
    (tmp_path / "index").write_text(json.dumps({"weight_map": {"a": "s.safetensors"}}))
    (tmp_path / "m" / "link.index.json").symlink_to(tmp_path / "index")
    with open_source(tmp_path / "m" / "link.index.json") as source:
        assert source.raw("a") == b"a"


def test_the_order_is_that_of_shards_and_headers():
    with open_source(SHARDED) as source:
        assert source.manifest.names == ["0.bias", "0.weight", "2.bias", "2.weight"]
        assert [entry.shard for entry in source.manifest] == [0, 0, 1, 1]


def test_metadata_of_shards_are_joined():
    with open_source(SHARDED) as source:
        assert source.manifest.metadata == {"format": "pt"}


def test_the_config_beside_a_file_belongs_to_it():
    with open_source(FOLDER / "tied-other-kept" / "model.safetensors", family_ties=no) as source:
        assert source.config["model_type"] == "llama"
        assert source.config_path == FOLDER / "tied-other-kept" / "config.json"
    with open_source(FOLDER / "mlp.safetensors") as source:
        assert source.config is None
        assert source.config_path is None


def no(config):
    return []


def test_side_files_are_what_is_neither_weights_nor_hidden(tmp_path):
    write(tmp_path / "model.safetensors")
    (tmp_path / "onnx").mkdir()
    (tmp_path / ".git").mkdir()
    wanted = ["README.md", "config.json", "onnx/config.json", "tokenizer.json"]
    others = [
        "pytorch_model.bin", "x.gguf", "pytorch_model.bin.index.json", "onnx/model.onnx",
        ".gitattributes", ".git/HEAD", "optimizer.pt",
    ]  # fmt: skip
    for name in [*wanted, *others]:
        (tmp_path / name).write_text("{}")
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "nothing.json").symlink_to("gone")
    with open_source(tmp_path) as source:
        assert [side.name for side in source.sides()[0]] == wanted


def test_a_single_file_has_no_side_files_but_its_config():
    with open_source(FOLDER / "mlp.safetensors") as source:
        assert source.sides() == ([], "")
    with open_source(SHARDED / "model-00001-of-00002.safetensors") as source:
        assert [side.name for side in source.sides()[0]] == ["config.json"]


def test_a_folder_below_is_no_model(tmp_path):
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(CheckpointError) as caught:
        open_source(tmp_path)
    assert str(caught.value) == f"{tmp_path}: this folder holds no .safetensors file"


def test_strange_paths_are_errors(tmp_path):
    for path, text in [
        (tmp_path / "no\nsuch", f"{tmp_path}/no\\x0asuch: no such file"),
        (Path("a\0b"), "a\\x00b: a file name can't hold a NUL character"),
        (tmp_path / ("x" * 300), f"{tmp_path}/{'x' * 300}: can't be opened: file name too long"),
    ]:
        with pytest.raises(CheckpointError) as caught:
            open_source(path)
        assert str(caught.value) == text


def test_an_empty_path_is_not_the_current_folder():
    """What an unset shell variable gives."""
    with pytest.raises(CheckpointError) as caught:
        open_source("")
    assert str(caught.value) == "the path of the model is empty"


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


def test_a_source_reads_a_real_file_as_the_reference_does(minilm):
    """Names, dtypes, shapes, places and bytes of all 104 tensors."""
    path = minilm / "model.safetensors"
    with open_source(minilm) as source, safetensors.safe_open(path, "np") as reference:
        assert sorted(source.manifest.names) == sorted(reference.keys())
        by_place = sorted(source.manifest, key=lambda entry: entry.start)
        assert [entry.name for entry in by_place] == list(reference.offset_keys())
        assert source.manifest.metadata == reference.metadata()
        for entry in source.manifest:
            described = reference.get_slice(entry.name)
            assert entry.dtype == described.get_dtype()
            assert list(entry.shape) == described.get_shape()
            array = source.array(entry.name)
            assert array.tobytes() == reference.get_tensor(entry.name).tobytes()
            assert array.shape == tuple(entry.shape), shape_text(entry.shape)
        assert by_place[-1].stop == path.stat().st_size


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


def test_a_mistyped_family_is_offered_where_no_file_has_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError) as caught:
        open_source("lama")
    assert (str(caught.value), caught.value.hint) == (
        "lama: no such file", "did you mean the family llama?"
    )  # fmt: skip
    (tmp_path / "lame").mkdir()
    with pytest.raises(CheckpointError) as caught:
        open_source("lama")
    assert caught.value.hint == "did you mean lame?"
