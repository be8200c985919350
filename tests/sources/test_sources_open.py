"""What a MODEL means, and what opening it brings; ``tests/hostile`` has what is refused."""

import json
import os
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
