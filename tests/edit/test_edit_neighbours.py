"""Edits among others: writers that race, caches that are shared, inputs that nobody may touch."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import spell
from command import expect
from edit_checkpoints import files, sharded, single, stored

TENSORS = {name: spell.f32(np.full(4, float(n))) for n, name in enumerate("abcd")}


def racing(tmp_path, out, *flags, count=6):
    """Start several writers of one destination at once; their exit codes."""
    writers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "paramctl",
                "set",
                "in.safetensors",
                "a",
                str(n),
                "-o",
                out,
                *flags,
            ],
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        for n in range(count)
    ]
    return [writer.wait() for writer in writers]


def test_of_writers_that_race_for_a_free_name_one_wins(tmp_path):
    single(tmp_path, TENSORS)
    codes = racing(tmp_path, "out.safetensors")
    winner = codes.index(0)
    assert sorted(codes)[:2] != [0, 0]
    assert set(codes) <= {0, 2, 4}
    values = np.frombuffer(stored(tmp_path / "out.safetensors")["a"][2], "<f4")
    assert values.tolist() == [winner] * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.safetensors", "out.safetensors"]


def test_writers_that_may_replace_each_other_leave_one_whole_folder(tmp_path):
    single(tmp_path, TENSORS)
    codes = racing(tmp_path, "out", "--force")
    assert 0 in codes
    assert set(codes) <= {0, 2, 4}
    values = np.frombuffer(stored(tmp_path / "out")["a"][2], "<f4")
    assert codes[int(values[0])] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.safetensors", "out"]


def hub_cache(tmp_path):
    """A snapshot as huggingface_hub lays it out: links to blobs that are named by their digest."""
    model = sharded(tmp_path, TENSORS, config={"model_type": "none"}, name="plain")
    home = tmp_path / "models--org--name"
    (home / "blobs").mkdir(parents=True)
    snapshot = home / "snapshots" / "0123"
    for name, content in files(model).items():
        digest = hashlib.sha256(content).hexdigest()
        (home / "blobs" / digest).write_bytes(content)
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).symlink_to(home / "blobs" / digest)
    return home, snapshot


def test_blobs_of_a_shared_cache_are_never_written(tmp_path):
    home, snapshot = hub_cache(tmp_path)
    out = tmp_path / "out"
    expect(0, "set", snapshot, "a", "9", "-o", out)
    for flags in (["--in-place"], ["-o", snapshot, "--force"]):
        assert expect(2, "set", snapshot, "a", "9", *flags).code == 2
    for blob in (home / "blobs").iterdir():
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    assert not any(path.is_symlink() for path in out.rglob("*"))
    assert set(files(out)) == set(files(snapshot))


def test_inputs_are_opened_for_reading_only(tmp_path, monkeypatch):
    """Not one descriptor of an input can write."""
    model = sharded(tmp_path, TENSORS)
    real, seen = os.open, []

    def watch(path, flags, *rest, **named):
        if str(path).startswith(str(model)):
            seen.append(flags & os.O_ACCMODE)
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", watch)
    expect(0, "set", model, "a", "1", "-o", tmp_path / "out")
    assert seen
    assert set(seen) == {os.O_RDONLY}


def test_an_empty_folder_is_filled_and_a_full_one_refused(tmp_path):
    single(tmp_path, TENSORS)
    (tmp_path / "empty").mkdir()
    expect(0, "set", tmp_path / "in.safetensors", "a", "1", "-o", tmp_path / "empty")
    result = expect(2, "set", tmp_path / "in.safetensors", "a", "1", "-o", tmp_path / "empty")
    assert result.err.startswith(f"paramctl: {tmp_path / 'empty'}: it exists already\n")


def test_the_working_folder_itself_can_be_the_output(tmp_path):
    single(tmp_path, TENSORS)
    (tmp_path / "here").mkdir()
    expect(0, "set", "../in.safetensors", "a", "1", "-o", ".", cwd=tmp_path / "here")
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["model.safetensors"]


def test_a_part_of_no_possible_process_is_left_alone(tmp_path):
    single(tmp_path, TENSORS)
    part = tmp_path / f".out.safetensors.paramctl-{10**30}-0123abcd.part"
    part.touch()
    expect(0, "set", tmp_path / "in.safetensors", "a", "1", "-o", tmp_path / "out.safetensors")
    assert part.exists()


def tied_pair(tmp_path, tied="false"):
    """A folder of one file whose head equals its embedding, and config.json beside it."""
    home = tmp_path / "model"
    home.mkdir()
    tensors = dict.fromkeys(("lm_head.weight", "embed_tokens.weight"), TENSORS["b"])
    (home / "model.safetensors").write_bytes(spell.checkpoint(tensors))
    (home / "config.json").write_text(f'{{"tie_word_embeddings": {tied}}}')
    return home


def test_config_json_is_replaced_together_with_the_file(tmp_path):
    """And kept together with it."""
    home = tied_pair(tmp_path)
    before = files(home)
    words = ("tie", home, "embed_tokens.weight", "lm_head.weight", "--in-place", "--backup")
    expect(0, *words)
    after = files(home)
    assert b"true" in after["config.json"]
    assert after["config.json.bak"] == before["config.json"]
    assert after["model.safetensors.bak"] == before["model.safetensors"]
    assert len(after) == 4


def test_a_config_json_that_is_a_link_is_not_written_through(tmp_path):
    home = tied_pair(tmp_path)
    (home / "config.json").rename(home / "shared.json")
    (home / "config.json").symlink_to("shared.json")
    before = files(home)
    result = expect(2, "tie", home, "embed_tokens.weight", "lm_head.weight", "--in-place", "-q")
    assert result.err.startswith(
        f"paramctl: {home}/config.json: --in-place does not write through a symbolic link\n"
    )
    assert files(home) == before


def test_changed_metadata_are_printed_with_the_plan(tmp_path):
    """As they will be in the file, ties among them; ``-n`` shows the same."""
    model = single(tmp_path, {"a": TENSORS["a"]}, {"format": "pt", "b": "a"})
    words = ("meta", model, "--set", "note=kept", "--unset", "format", "--json")
    out = tmp_path / "out.safetensors"
    for report in (expect(0, *words, "-n").json, expect(0, *words, "-o", out).json):
        assert list(report)[:2] == ["schema", "metadata"]
        assert report["metadata"] == {"b": "a", "note": "kept"}
        assert report["changes"] == []
    assert expect(0, "meta", out, "--json").json["metadata"] == report["metadata"]
