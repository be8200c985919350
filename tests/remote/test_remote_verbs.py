"""Every verb says of a URL what it says of the same files here, and edits give the same bytes."""

import json
from contextlib import contextmanager

import pytest
from command import call, expect
from remote_clouds import gcs_bucket, hub, s3_bucket
from remote_servers import serving

READING = [
    ["inspect"], ["meta"], ["hash"], ["lock"], ["stats", "--by", "layer"], ["check", "--values"],
    ["stats"], ["ls", "layer:-1 & ndim:2", "--long"],
]  # fmt: skip


@contextmanager
def at(kind, folder, monkeypatch):
    """The address of a folder by some kind of server."""
    if kind == "http":
        with serving(folder) as shop:
            yield shop.url
    elif kind == "s3":
        with s3_bucket(folder, monkeypatch):
            yield "s3://models/m"
    elif kind == "gs":
        with gcs_bucket(folder, monkeypatch):
            yield "gs://models/m"
    else:
        with hub(folder, monkeypatch):
            yield "hf://acme/tiny"


def told(words, model):
    """What a verb prints as JSON, but for the name of the model."""
    done = call(words[0], model, *words[1:], "--json")
    tree = json.loads(done.out)
    for key in ("model", "files") if words[0] == "inspect" else ():
        tree.pop(key)
    return done.code, tree, done.err.replace(str(model), "MODEL")


@pytest.mark.parametrize("kind", ["http", "s3", "gs", "hf"])
def test_verbs_say_the_same_of_an_address(kind, tour, monkeypatch):
    with at(kind, tour, monkeypatch) as url:
        for words in READING if kind in ("http", "hf") else READING[-3:]:
            assert told(words, url) == told(words, tour), words
        shown = expect(0, "show", url, "lm_head.weight[3,:4]").out
        assert shown == expect(0, "show", tour, "lm_head.weight[3,:4]").out
        assert expect(0, "diff", url, tour, "--json").json["equal"]
        run = ["--random", "1x8", "--json"]
        assert expect(0, "forward", url, *run).json == expect(0, "forward", tour, *run).json


@pytest.mark.parametrize("kind", ["http", "s3", "gs", "hf"])
def test_an_edit_of_an_address_writes_the_bytes_of_an_edit_of_the_files(
    kind, tour, monkeypatch, tmp_path
):
    edit = ["lm_head", "--scheme", "xavier", "--seed", "3", "-q", "-o"]
    expect(0, "init", tour, *edit, tmp_path / "here")
    with at(kind, tour, monkeypatch) as url:
        expect(0, "init", url, *edit, tmp_path / "there")
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == names
    for name in names:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_a_page_about_an_address_is_the_page_about_the_files(tour):
    with serving(tour) as shop:
        there = expect(0, "report", shop.url, "-o", "-").out
    there = there.replace(shop.url, str(tour)).replace(shop.url.partition("//")[2], tour.name)
    assert there == expect(0, "report", tour, "-o", "-").out


@pytest.mark.parametrize("kind", ["http", "s3", "gs", "hf"])
def test_shards_behind_an_address_are_one_model(kind, sharded, monkeypatch, tmp_path):
    rename = ["0=first", "-q", "-o"]
    expect(0, "rename", sharded, *rename, tmp_path / "here")
    with at(kind, sharded, monkeypatch) as url:
        index = f"{url}/model.safetensors.index.json"
        assert told(["hash"], url) == told(["hash"], sharded)
        here = sharded / "model.safetensors.index.json"
        assert told(["check"], index) == told(["check"], here)
        expect(0, "rename", url, *rename, tmp_path / "there")
    for path in (tmp_path / "here").iterdir():
        assert (tmp_path / "there" / path.name).read_bytes() == path.read_bytes()


def test_an_edit_of_values_reads_them_from_the_address(tour, tmp_path):
    with serving(tour) as shop:
        for model, out in ((tour, "here"), (shop.url, "there")):
            expect(0, "cast", model, "bf16", "-q", "-o", tmp_path / out)
            expect(0, "layers", model, "1,0,1", "-q", "-o", tmp_path / f"{out}.safetensors")
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    here, there = (tmp_path / f"{out}.safetensors" for out in ("here", "there"))
    assert there.read_bytes() == here.read_bytes()


def test_another_model_may_be_an_address_too(tour, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    with serving(tour) as shop:
        expect(0, "set", tour, "lm_head.weight", "x + 1", "-q", "-o", tmp_path / "new")
        back = ["--from", shop.url, "-q", "-o", tmp_path / "back"]
        expect(0, "graft", tmp_path / "new", "lm_head", *back)
        recipe.write_text(f"steps:\n  - graft: {{select: [lm_head], from: '{shop.url}'}}\n")
        expect(0, "apply", recipe, tmp_path / "new", "-q", "-o", tmp_path / "again")
    for name in ("back", "again"):
        assert expect(0, "diff", tour, tmp_path / name, "--json").json["equal"]


def test_an_address_is_not_written_to(tour):
    with serving(tour) as shop:
        done = expect(2, "set", shop.url, "lm_head.weight", "1", "--in-place")
    assert done.err == ("paramctl: an address has no place to write to\nhint: use -o OUT\n")


def test_a_folder_that_lists_nothing_is_found_by_the_usual_names(tour, tmp_path):
    with serving(tmp_path) as shop:
        done = expect(3, "ls", f"{shop.url}/m/")
        assert done.err == (
            f"paramctl: {shop.url}/m/: neither model.safetensors.index.json nor model.safetensors "
            "is there\nhint: name the .safetensors file or the index itself\n"
        )
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "model.safetensors").write_bytes(
            (tour / "model.safetensors").read_bytes()
        )
        expect(0, "ls", f"{shop.url}/m/")
        (tmp_path / "m" / "model.safetensors.index.json").write_text(
            '{"weight_map": {"a": "other.safetensors"}}'
        )
        done = expect(3, "ls", f"{shop.url}/m")
    assert done.err == (
        f"paramctl: {shop.url}/m: this folder holds 2 checkpoints: model.safetensors, "
        "model.safetensors.index.json\nhint: give one of them by its path\n"
    )


def test_what_side_files_came_along_is_said(tour, tmp_path):
    with serving(tour) as shop:
        done = expect(0, "drop", shop.url, "lm_head", "-o", tmp_path / "out")
    assert done.err.splitlines()[1].startswith(
        "note: a folder can't be listed over http: of 20 usual side files these were there and "
        "come along: config.json"
    )


def test_a_missing_shard_is_named(sharded, tmp_path):
    (tmp_path / "model.safetensors.index.json").write_bytes(
        (sharded / "model.safetensors.index.json").read_bytes()
    )
    with serving(tmp_path) as shop:
        done = expect(3, "ls", shop.url)
        check = call("check", shop.url, "--json").json
    assert done.err == (
        f"paramctl: {shop.url}/model.safetensors.index.json: 2 of 2 shards missing, with 4 "
        "tensors: model-00001-of-00002.safetensors, model-00002-of-00002.safetensors\n"
        "hint: download or copy them again\n"
    )
    assert {one["rule"] for one in check["findings"]} >= {"missing-shard"}


def test_jobs_elsewhere_open_the_address_again(tour):
    with serving(tour) as shop:
        done = expect(0, "hash", shop.url, "--executor", "processes:2", "--json")
        assert done.json == expect(0, "hash", tour, "--json").json
