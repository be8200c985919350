"""What is particular about buckets and the hub: revisions, listings, credentials, refusals."""

import sys

import pytest
from command import call, expect
from remote_clouds import COMMIT, gcs_bucket, hub, s3_bucket

from paramctl.errors import CheckpointError
from paramctl.sources.open import open_source

PINNED = f"hf://acme/tiny@{COMMIT}"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@main",
        "@v1.0",
        f"@{COMMIT}",
        "@refs%2Fpr%2F1",
        "@refs/pr/1",
        "/",
        "@main/model.safetensors",
    ],
)
def test_a_revision_is_settled_to_a_commit(address, tour, monkeypatch):
    with hub(tour, monkeypatch), open_source(f"hf://acme/tiny{address}") as source:
        assert str(source.files[0]) == f"{PINNED}/model.safetensors"
        again = source.model
        with open_source(again) as same:
            assert same.manifest.entries == source.manifest.entries
        assert again.startswith(PINNED)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("hf://acme/none", "hf://acme/none: the hub has no such model, or shows it to others only"),
        ("hf://acme/tiny@v9", "hf://acme/tiny@v9: the hub has no such revision of this model"),
        ("hf://acme/tiny/none", f"{PINNED}/none: this folder holds no .safetensors file"),
        ("hf://acme/tiny/n.safetensors", f"{PINNED}/n.safetensors: no such file in this commit"),
        ("hf://acme/--..--", "hf://acme/--..--: wanted hf://ORG/NAME[@REVISION][/PATH]"),
    ],
)
def test_what_the_hub_has_not_is_said(address, text, tour, monkeypatch):
    with hub(tour, monkeypatch):
        done = call("ls", address)
    assert done.err.splitlines()[0] == f"paramctl: {text}"


def test_a_gated_model_says_what_to_do(tour, monkeypatch):
    with hub(tour, monkeypatch, token="hidden") as _:
        monkeypatch.setenv("HF_TOKEN", "another")
        done = expect(3, "ls", "hf://acme/tiny")
    assert done.err == (
        "paramctl: hf://acme/tiny: the hub keeps this model for some\nhint: set HF_TOKEN, or run "
        "`hf auth login`; a gated model also wants its terms accepted\n"
    )


def test_a_busy_hub_is_asked_again(tour, monkeypatch):
    def fault(handler, ask):
        if ask.number > 3:
            return False
        handler.reply(503)
        return True

    with hub(tour, monkeypatch, fault):
        expect(0, "ls", "hf://acme/tiny")
    with hub(tour, monkeypatch, lambda handler, ask: handler.reply(503) is None):
        done = expect(3, "ls", "hf://acme/tiny")
    assert "the server is busy (503), 5 times in a row" in done.err


def test_a_hub_that_can_not_be_reached_is_an_error(tour, monkeypatch):
    with hub(tour, monkeypatch):
        pass
    assert "paramctl: hf://acme/tiny: the" in expect(3, "ls", "hf://acme/tiny").err


def test_the_folder_of_a_bucket_is_chosen_from_like_one_here(sharded, tmp_path, monkeypatch):
    for name in ("a.safetensors", "b.safetensors"):
        (tmp_path / name).write_bytes((sharded / "model-00001-of-00002.safetensors").read_bytes())
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pytorch_model.bin").write_bytes(b"x")
    with gcs_bucket(tmp_path, monkeypatch):
        assert expect(3, "ls", "gs://models/m").err == (
            "paramctl: gs://models/m: this folder holds 2 checkpoints: a.safetensors, "
            "b.safetensors\nhint: give one of them by its path\n"
        )
        assert expect(3, "ls", "gs://models/m/sub").err == (
            "paramctl: gs://models/m/sub: this folder holds no .safetensors file, only "
            "pytorch_model.bin\nhint: paramctl reads safetensors: convert the checkpoint first\n"
        )
        expect(0, "ls", "gs://models/m/a.safetensors")


def test_side_files_below_come_along(tour, tmp_path, monkeypatch):
    folder = tmp_path / "m"
    (folder / "1_Pooling").mkdir(parents=True)
    for path in tour.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "1_Pooling" / "config.json").write_text("{}")
    (folder / "large.txt").write_bytes(bytes(300_000))
    (folder / ".gitattributes").write_text("x")
    (folder / "pytorch_model.bin").write_text("x")
    with gcs_bucket(folder, monkeypatch):
        expect(0, "drop", "gs://models/m", "lm_head", "-o", tmp_path / "out", "-q")
    made = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*"))
    assert made == ["1_Pooling/config.json", "config.json", "large.txt", "model.safetensors"]
    assert (tmp_path / "out" / "large.txt").read_bytes() == bytes(300_000)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("401 X", "the server wants to know who asks (401)"),
        ("403 X", "the server forbids it (403)"),
        ("404 X", "no such file (404)"),
        ("412 X", "the file changed while it was read (412)"),
        ("503 X", "the server is busy (503), 5 times in a row"),
        ("500 X", "the server failed (500), 5 times in a row"),
        ("301 X", "the bucket lies in another region"),
        ("200 X", "obstore can't read it"),
    ],
)
def test_a_bucket_that_refuses_says_why(code, text, tour, monkeypatch):
    with s3_bucket(tour, monkeypatch) as front:
        front.fault = lambda environ, number: (code, b"")
        done = expect(3, "ls", "s3://models/m/model.safetensors")
        count = len(front.asks)
    assert done.err.splitlines()[0] == f"paramctl: s3://models/m/model.safetensors: {text}"
    assert count == (5 if "times" in text else 1)


def test_an_object_that_is_replaced_while_it_is_read_is_an_error(tmp_path, monkeypatch):
    import boto3
    import spell

    content = bytes(300_000)
    (tmp_path / "m.safetensors").write_bytes(
        spell.checkpoint({"a": ("U8", [len(content)], content)})
    )
    address = "s3://models/m/m.safetensors"
    with s3_bucket(tmp_path, monkeypatch) as front, open_source(address) as source:
        assert source.raw("a") == content
        boto3.client("s3", endpoint_url=front.url).put_object(
            Bucket="models", Key="m/m.safetensors", Body=b"y" * 300_000
        )
        with pytest.raises(CheckpointError) as caught:
            source.raw("a")
    assert str(caught.value) == (
        "s3://models/m/m.safetensors: a: the file changed while it was read (412)"
    )


def test_a_bucket_is_read_with_a_profile(tour, tmp_path, monkeypatch):
    with s3_bucket(tour, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        (tmp_path / "aws").write_text(
            "[lab]\naws_access_key_id = a\naws_secret_access_key = b\nregion = us-east-1\n"
        )
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
        monkeypatch.setenv("AWS_PROFILE", "lab")
        expect(0, "ls", "s3://models/m")


@pytest.mark.parametrize(
    ("address", "module", "text"),
    [
        ("s3://b/m", "obstore", "s3:// addresses are read with obstore, which is not installed\n"
         "hint: pip install 'paramctl[s3]'\n"),
        ("gs://b/m", "obstore", "gs:// addresses are read with obstore, which is not installed\n"
         "hint: pip install 'paramctl[s3]'\n"),
        ("hf://o/m", "huggingface_hub", "hf:// addresses are read with huggingface_hub, which is "
         "not installed\nhint: pip install 'paramctl[hf]'\n"),
    ],
)  # fmt: skip
def test_a_missing_package_names_the_command_that_brings_it(address, module, text, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    assert expect(4, "ls", address).err == f"paramctl: {text}"
