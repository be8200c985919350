"""Edits as a user types them: where they write, what they say, what comes along."""

import json
import os
import stat

import numpy as np
import pytest
import spell
from command import call, expect, spawn
from edit_checkpoints import files, sharded, single, stored

from paramctl.edit.plan import Step, plan
from paramctl.edit.rename import Rename
from paramctl.edit.rename_rules import parse_rule
from paramctl.edit.write import Where, destination, write
from paramctl.errors import CheckpointError
from paramctl.sources.open import open_source

TENSORS = {
    "a.weight": spell.f32(np.arange(6).reshape(2, 3)),
    "b.weight": spell.bf16(np.arange(4)),
    "c": ("I64", (1,), bytes(8)),
}


@pytest.fixture
def model(tmp_path):
    return single(tmp_path, TENSORS, {"format": "pt"})


def test_an_edit_needs_a_place(model):
    result = expect(2, "set", model, "c", "1")
    assert result.err == (
        "paramctl: an edit needs either -o OUT or --in-place\n"
        "hint: -o OUT writes a new checkpoint, --in-place replaces this one\n"
    )
    assert expect(2, "set", model, "c", "1", "-o", "x.safetensors", "--in-place").err == result.err


def test_a_written_edit_says_so_on_stderr_and_nothing_on_stdout(model, tmp_path):
    out = tmp_path / "out.safetensors"
    result = expect(0, "set", model, "c", "1", "-o", out)
    assert result.out == ""
    assert result.err == f"selected 1 of 3 tensors\nwrote {out}: 1 change\n"
    assert expect(0, "set", model, "c", "1", "-o", out, "--force", "-q").err == ""


def test_json_tells_what_changed_and_where_it_is(model, tmp_path):
    out = tmp_path / "out.safetensors"
    side = {"name": "c", "dtype": "I64", "shape": [1]}
    assert expect(0, "set", model, "c", "1", "-o", out, "--json").json == {
        "schema": "paramctl/set/1",
        "changes": [{"name": "c", "action": "changed", "from": side, "to": side}],
        "output": str(out),
        "dry_run": False,
    }


def test_the_dry_run_shows_what_was_not_computed(model, tmp_path):
    rows = expect(0, "set", model, "a.weight[0]", "x + 1", "-n").rows
    assert rows == [["a.weight", "changed", "F32[2,3]", "F32[2,3]", "?"]]
    assert list(tmp_path.iterdir()) == [model]


def test_the_dry_run_refuses_the_same_places(model):
    result = expect(2, "set", model, "c", "1", "-n", "-o", model)
    assert result.err.splitlines()[0] == f"paramctl: {model}: it is an input"


def test_the_output_is_never_the_input(model, tmp_path):
    os.link(model, tmp_path / "twin.safetensors")
    for out in (model, tmp_path / "twin.safetensors"):
        result = expect(2, "set", model, "c", "1", "-o", out, "--force")
        assert result.err.splitlines() == [
            f"paramctl: {out}: it is an input",
            "hint: use --in-place to change a checkpoint itself",
        ]


def test_in_place_replaces_the_file_and_keeps_its_mode(model):
    model.chmod(0o640)
    before = model.stat().st_ino
    expect(0, "set", model, "c", "1", "--in-place")
    assert stored(model)["c"] == ("I64", (1,), (1).to_bytes(8, "little"))
    assert stat.S_IMODE(model.stat().st_mode) == 0o640
    assert model.stat().st_ino != before


def test_a_backup_is_the_old_file(model, tmp_path):
    before = model.read_bytes()
    expect(0, "set", model, "c", "1", "--in-place", "--backup")
    expect(0, "set", model, "c", "2", "--in-place", "--backup")
    assert (tmp_path / "in.safetensors.bak").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.safetensors",
        "in.safetensors.bak",
        "in.safetensors.bak.1",
    ]


def test_in_place_does_not_write_through_a_link(model, tmp_path):
    """As in a Hugging Face cache, where the link leads to a blob that others share."""
    (tmp_path / "link.safetensors").symlink_to(model)
    before = model.read_bytes()
    result = expect(2, "set", tmp_path / "link.safetensors", "c", "1", "--in-place")
    assert "--in-place does not write through a symbolic link" in result.err
    assert model.read_bytes() == before


def test_standard_input_has_no_place(model, tmp_path):
    out = tmp_path / "out.safetensors"
    with model.open("rb") as file:
        assert spawn("set", "-", "c", "1", "--in-place", stdin=file).code == 2
    with model.open("rb") as file:
        assert spawn("set", "-", "c", "1", "-o", out, stdin=file).code == 0
    assert stored(out)["c"][2] == (1).to_bytes(8, "little")


def test_a_folder_comes_with_its_side_files(tmp_path):
    model = sharded(tmp_path, TENSORS, config={"model_type": "none"})
    (model / ".git").mkdir()
    (model / ".git" / "head").write_text("x")
    (model / "pytorch_model.bin").write_bytes(b"x")
    (model / "tokenizer" / "vocab.txt").chmod(0o600)
    out = tmp_path / "out"
    expect(0, "set", model, "c", "1", "-o", out)
    before, after = files(model), files(out)
    assert set(before) - set(after) == {".git/head", "pytorch_model.bin"}
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"model-00001-of-00002.safetensors"}
    assert stat.S_IMODE((out / "tokenizer" / "vocab.txt").stat().st_mode) == 0o600


def test_a_sharded_model_may_become_one_file(tmp_path):
    model = sharded(tmp_path, TENSORS)
    expect(0, "set", model, "c", "x", "-o", tmp_path / "one.safetensors")
    assert stored(tmp_path / "one.safetensors") == TENSORS


def test_a_single_file_may_become_a_folder(model, tmp_path):
    expect(0, "set", model, "c", "x", "-o", tmp_path / "out")
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == model.read_bytes()


def test_a_sharded_model_in_place_keeps_everything_else_in_its_folder(tmp_path):
    model = sharded(tmp_path, TENSORS, config={"model_type": "none"})
    (model / ".git").mkdir()
    (model / ".git" / "head").write_text("x")
    (model / "pytorch_model.bin").write_bytes(b"x")
    (model / "link").symlink_to("config.json")
    before = files(model)
    expect(0, "set", model, "c", "1", "--in-place", "--backup")
    after = files(model)
    assert {name for name in after if after[name] != before[name]} == {
        "model-00001-of-00002.safetensors"
    }
    assert set(after) == set(before)
    assert (model / "link").readlink().name == "config.json"
    assert files(tmp_path / "in.bak") == before


def test_force_replaces_a_folder_as_a_whole(tmp_path):
    old = sharded(tmp_path, {"old": TENSORS["c"], "older": TENSORS["c"]}, name="out")
    model = sharded(tmp_path, TENSORS)
    expect(2, "set", model, "c", "1", "-o", old)
    expect(0, "set", model, "c", "1", "-o", old, "--force")
    assert set(stored(old)) == set(TENSORS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_edits_refuse_shards_with_tensors_that_the_index_does_not_list(tmp_path):
    model = sharded(tmp_path, TENSORS)
    path = model / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    del index["weight_map"]["c"]
    path.write_text(json.dumps(index))
    result = expect(3, "set", model, "a.weight", "1", "-o", tmp_path / "out")
    assert result.err.splitlines()[-2:] == [
        f"paramctl: {model}: its shards hold 3 tensors, its index lists 2 of them",
        f"hint: an edit would lose the others: run `paramctl check {model}`",
    ]


def test_an_input_that_changes_while_it_is_read_stops_the_edit(model, tmp_path):
    out = tmp_path / "out.safetensors"
    with open_source(model) as source:
        made = plan(source, [Step(Rename((parse_rule("c=d"),)))])
        with model.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\xff")
        os.utime(model, (1, 1))
        with pytest.raises(CheckpointError) as caught:
            write(made, destination(made, Where(out)))
    assert caught.value.problem == "the file changed while it was read: it was written to"
    assert not out.exists()


def test_an_input_that_shrinks_is_no_bus_error(model, tmp_path):
    with open_source(model) as source:
        made = plan(source, [Step(Rename((parse_rule("c=d"),)))])
        os.truncate(model, model.stat().st_size - 8)
        with pytest.raises(CheckpointError):
            write(made, destination(made, Where(tmp_path / "out.safetensors")))
    assert list(tmp_path.iterdir()) == [model]


def test_keep_and_drop_select_by_the_grammar(model, tmp_path):
    expect(0, "keep", model, "weight", "-o", tmp_path / "kept.safetensors", "--expect", "2")
    assert list(stored(tmp_path / "kept.safetensors")) == ["a.weight", "b.weight"]
    expect(0, "drop", model, "weight", "-o", tmp_path / "rest.safetensors")
    assert list(stored(tmp_path / "rest.safetensors")) == ["c"]


def test_a_selection_that_matches_nothing_writes_nothing(model, tmp_path):
    result = expect(2, "drop", model, "nothing", "-o", tmp_path / "out.safetensors")
    assert result.err.startswith("paramctl: 'nothing' selects none of 3 tensors\n")
    assert list(tmp_path.iterdir()) == [model]
    expect(0, "drop", model, "nothing", "--allow-empty", "-o", tmp_path / "out.safetensors")
    assert (tmp_path / "out.safetensors").read_bytes() == model.read_bytes()


def test_provenance_tells_steps_inputs_and_version(model, tmp_path):
    from paramctl import __version__

    out = tmp_path / "out.safetensors"
    expect(0, "set", model, "c", "1", "-o", out, "--provenance")
    with open_source(out) as source:
        metadata = source.manifest.metadata
    assert metadata["format"] == "pt"
    assert json.loads(metadata["paramctl.recipe"]) == [{"set": {"target": "c", "expression": "1"}}]
    assert list(json.loads(metadata["paramctl.inputs"])) == ["in.safetensors"]
    assert metadata["paramctl.version"] == __version__


def test_metadata_and_odd_headers_stay_as_they_are(tmp_path):
    """A header in another order and spacing is copied as it stands while it stays true."""
    text = '{ "b":{"shape":[1],"dtype":"U8","data_offsets":[1,2]},\n "a":{"dtype":"U8",'
    text += '"shape":[1],"data_offsets":[0,1]}, "__metadata__":{"z":"1","a":"\\u00e9"}}   '
    path = tmp_path / "in.safetensors"
    path.write_bytes(spell.file(text, b"\1\2"))
    out = tmp_path / "out.safetensors"
    expect(0, "set", path, "a", "x", "-o", out)
    assert out.read_bytes() == path.read_bytes()
    expect(0, "set", path, "a", "9", "-o", out, "--force")
    assert out.read_bytes() == spell.file(text, b"\x09\2")


def test_a_parent_that_is_missing_is_exit_4(model, tmp_path):
    result = expect(4, "set", model, "c", "1", "-o", tmp_path / "no" / "out.safetensors")
    assert f"there is no folder {tmp_path / 'no'}" in result.err


def test_a_limit_on_file_sizes_is_exit_4_and_leaves_nothing(model, tmp_path):
    """RLIMIT_FSIZE stands for every disk, quota and limit that is too small."""
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    out = tmp_path / "out.safetensors"
    result = spawn("set", model, "c", "1", "-o", out, preexec_fn=limit)
    assert result.code == 4
    assert result.err.splitlines()[1:] == [
        f"paramctl: {out}: file too large",
        "hint: free some room, or write to another disk",
    ]
    assert list(tmp_path.iterdir()) == [model]


def test_names_of_every_kind_survive(tmp_path):
    from pathlib import Path

    hostile = Path(spell.__file__).parent / "checkpoints" / "hostile-names.safetensors"
    out = tmp_path / "out.safetensors"
    assert call("drop", hostile, "re:true", "--allow-empty", "-o", out).code == 0
    assert out.read_bytes() == hostile.read_bytes()
