"""Where a checkpoint may be written: nothing a user wants is lost, and a refusal says why."""

import os
import socket

import pytest
import spell

from paramctl.errors import ResourceError, UsageError
from paramctl.formats.destination import choose_destination, identity, in_place
from paramctl.formats.folder import is_weights, survey


@pytest.fixture
def model(tmp_path):
    """A model's folder with a checkpoint and a side file."""
    folder = tmp_path / "model"
    folder.mkdir()
    content = spell.checkpoint({"a": ("U8", (1,), b"\1")})
    (folder / "model.safetensors").write_bytes(content)
    (folder / "config.json").write_text("{}")
    return folder


def refusal(path, **options):
    with pytest.raises(UsageError) as caught:
        choose_destination(path, **options)
    return caught.value


def test_a_free_name_is_taken(tmp_path):
    file = choose_destination(tmp_path / "out.safetensors")
    assert (file.is_folder, file.replaces) == (False, None)
    folder = choose_destination(tmp_path / "out")
    assert (folder.is_folder, folder.replaces) == (True, None)


def test_an_existing_file_is_refused_without_force(model):
    error = refusal(model / "model.safetensors")
    assert error.problem == "it exists already"
    assert error.hint == "add --force to replace it"
    assert choose_destination(model / "model.safetensors", force=True).replaces is not None


def test_an_input_is_refused_even_with_force(model):
    path = model / "model.safetensors"
    error = refusal(path, inputs=[identity(path.stat())], force=True)
    assert error.problem == "it is an input"
    assert error.hint == "use --in-place to change a checkpoint itself"


@pytest.mark.parametrize("link", [os.link, os.symlink], ids=["hard", "symbolic"])
def test_an_input_under_another_name_is_still_an_input(model, tmp_path, link):
    path = model / "model.safetensors"
    link(path, tmp_path / "twin.safetensors")
    error = refusal(tmp_path / "twin.safetensors", inputs=[identity(path.stat())], force=True)
    assert error.problem == "it is an input"


def test_the_models_own_folder_is_an_input(model):
    own = [identity(model.stat())]
    assert refusal(model, folders=own, force=True).problem == "it is an input"
    assert refusal(model / "out", folders=own).problem == "it lies inside the model's own folder"


def test_a_file_inside_the_models_own_folder_is_fine(model):
    place = choose_destination(model / "new.safetensors", folders=[identity(model.stat())])
    assert place.replaces is None


def test_a_symbolic_link_is_never_written_through(model, tmp_path):
    (tmp_path / "link.safetensors").symlink_to(model / "model.safetensors")
    (tmp_path / "nowhere.safetensors").symlink_to(tmp_path / "gone")
    (tmp_path / "folder").symlink_to(model)
    for name, wanted in (
        ("link.safetensors", "a regular file"),
        ("nowhere.safetensors", "a regular file"),
        ("folder", "a folder"),
    ):
        error = refusal(tmp_path / name, force=True)
        assert error.problem == f"it is a symbolic link, wanted {wanted}"


def test_pipes_devices_and_sockets_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.safetensors")
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket.safetensors")
    server.close()
    for name, kind in (("pipe", "a named pipe"), ("socket", "a socket")):
        error = refusal(tmp_path / f"{name}.safetensors", force=True)
        assert error.problem == f"it is {kind}, wanted a regular file"


def test_a_folder_that_is_a_file_and_the_reverse(model, tmp_path):
    assert refusal(model / "config.json", force=True).problem == "it is a file, wanted a folder"
    (tmp_path / "x.safetensors").mkdir()
    error = refusal(tmp_path / "x.safetensors", force=True)
    assert error.problem == "it is a folder, wanted a regular file"


def test_an_empty_folder_counts_as_absent(tmp_path):
    (tmp_path / "out").mkdir()
    assert choose_destination(tmp_path / "out").replaces is None


def test_force_replaces_a_folder_that_holds_only_a_model(model):
    assert choose_destination(model, force=True).replaces is not None


@pytest.mark.parametrize(
    "stranger", [".git/config", "pytorch_model.bin", "notes/.hidden", "other.safetensors.bak"]
)
def test_force_refuses_a_folder_with_anything_else(model, stranger):
    (model / stranger).parent.mkdir(exist_ok=True)
    (model / stranger).write_text("x")
    error = refusal(model, force=True)
    assert error.problem == f"--force would delete what is no part of a model:\n  {stranger}"


def test_force_refuses_a_folder_without_a_checkpoint(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    error = refusal(tmp_path / "home", force=True)
    assert error.problem == "--force replaces a folder only if it holds a checkpoint"


def test_a_missing_parent_is_a_matter_of_resources(tmp_path):
    with pytest.raises(ResourceError) as caught:
        choose_destination(tmp_path / "no" / "out.safetensors")
    assert caught.value.problem == f"there is no folder {tmp_path / 'no'}"


def test_in_place_refuses_a_symbolic_link(model, tmp_path):
    (tmp_path / "link.safetensors").symlink_to(model / "model.safetensors")
    with pytest.raises(UsageError) as caught:
        in_place(tmp_path / "link.safetensors", is_folder=False)
    assert caught.value.problem == "--in-place does not write through a symbolic link"


def test_backups_never_replace_each_other(model):
    path = model / "model.safetensors"
    assert in_place(path, is_folder=False, backup=True).backup == "model.safetensors.bak"
    (model / "model.safetensors.bak").touch()
    assert in_place(path, is_folder=False, backup=True).backup == "model.safetensors.bak.1"


def test_backups_and_parts_of_weights_are_weights():
    names = ["m.safetensors", "m.SAFETENSORS", "m.bin", "m.safetensors.bak", "m.pt.bak.12"]
    assert all(map(is_weights, names))
    assert not any(map(is_weights, ["config.json", "bin", "a.bak", "b.bak.1", "vocab.txt"]))


def test_a_survey_sorts_model_side_files_and_the_rest(model):
    (model / "tokenizer").mkdir()
    (model / "tokenizer" / "vocab.txt").touch()
    (model / ".cache").mkdir()
    (model / ".cache" / "x").touch()
    (model / "link.json").symlink_to("config.json")
    found = survey(model)
    assert found.model == ("model.safetensors",)
    assert found.sides == ("config.json", "tokenizer/vocab.txt")
    assert found.others == (".cache/x", "link.json")
