"""``git diff`` of checkpoints, in real repositories."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"
LINE = "*.safetensors diff=paramctl"


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """An empty repository whose user has no configuration of their own."""
    for key in [key for key in os.environ if key.startswith("GIT_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    bin_folder = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "home").mkdir()
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def tensors():
    return {name: np.arange(4, dtype=np.float32) for name in ("a", "b", "c")}


def test_git_diff_shows_a_line_per_tensor_that_changed(repository):
    expect(0, "git", "install", cwd=repository)
    save_file(tensors(), repository / "m.safetensors")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "first")
    changed = tensors()
    changed["b"][0] = 7
    changed["c"] = changed["c"].reshape(2, 2)
    save_file(changed, repository / "m.safetensors")
    lines = git(repository, "diff").splitlines()
    signs = [line[:8] for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert signs == [
        "-paramct", "+paramct", "-b F32 [", "-c F32 [", "+b F32 [", "+c F32 [",
    ]  # fmt: skip
    assert any(line.startswith(" a F32 [4] ") for line in lines)
    assert any(line.startswith("+c F32 [2,2] ") for line in lines)


def test_a_config_beside_the_file_makes_no_difference(repository):
    """git hands over old versions alone, the new one in its folder."""
    expect(0, "git", "install", cwd=repository)
    model = repository / "model"
    shutil.copytree(CHECKPOINTS / "tied-by-config", model)
    before = {name: np.ones((8, 8), np.float32) for name in ("x", "model.embed_tokens.weight")}
    save_file(before, model / "model.safetensors")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "first")
    before["x"][0] = 2
    save_file(before, model / "model.safetensors")
    assert "lm_head" not in git(repository, "diff")


def test_the_difftool_shows_figures(repository):
    expect(0, "git", "install", cwd=repository)
    save_file(tensors(), repository / "m.safetensors")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "first")
    save_file({**tensors(), "b": np.ones(4, np.float32)}, repository / "m.safetensors")
    row = git(repository, "difftool", "-y", "-t", "paramctl").split("\t")
    assert row[:2] == ["b", "changed"]


def test_the_difftool_takes_what_came_and_what_went(repository):
    """git gives the null device for the side on which there is no file."""
    expect(0, "git", "install", cwd=repository)
    save_file({"x": np.ones(2, np.float32)}, repository / "m.safetensors")
    git(repository, "add", "-A")
    tool = "difftool", "-y", "-t", "paramctl", "--cached"
    assert git(repository, *tool, "--", "*.safetensors").split("\t")[:2] == ["x", "added"]
    git(repository, "commit", "-qm", "first")
    git(repository, "rm", "-q", "m.safetensors")
    assert git(repository, *tool).split("\t")[:2] == ["x", "removed"]


def test_two_sides_without_a_file_are_no_comparison():
    assert "there is no tensor to compare" in expect(2, "diff", "/dev/null", "/dev/null").err


@pytest.mark.parametrize("verb", ["hash", "lock"])
def test_what_to_verify_may_come_through_a_pipe(verb, tmp_path):
    model = CHECKPOINTS / "f32.safetensors"
    command = [sys.executable, "-m", "paramctl", verb, model, "--verify", "-"]
    good = expect(0, verb, model).out
    for text, code in ((good, 0), (good.replace("special", "other"), 1)):
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        assert done.returncode == code, done.stderr


def test_installing_says_what_it_does_and_does_it_once(repository):
    first = expect(0, "git", "install", "--json", cwd=repository).json
    assert [row["action"] for row in first["changes"]] == ["set"] * 5
    assert (repository / ".gitattributes").read_text() == f"{LINE}\n"
    again = expect(0, "git", "install", "--json", cwd=repository).json
    assert [row["action"] for row in again["changes"]] == ["kept"] * 5
    assert (repository / ".gitattributes").read_text() == f"{LINE}\n"


def test_other_attributes_stay(repository):
    attributes = repository / ".gitattributes"
    attributes.write_bytes(b"*.bin -diff")
    attributes.chmod(0o640)
    expect(0, "git", "install", cwd=repository)
    assert attributes.read_text() == f"*.bin -diff\n{LINE}\n"
    assert attributes.stat().st_mode & 0o777 == 0o640


def test_a_dry_run_changes_nothing(repository):
    before = (repository / ".git" / "config").read_text()
    result = expect(0, "git", "install", "--dry-run", cwd=repository)
    assert result.err == "nothing was changed: this was a dry run\n"
    assert [row[0] for row in result.rows] == ["set"] * 5
    assert (repository / ".git" / "config").read_text() == before
    assert not (repository / ".gitattributes").exists()


def test_a_driver_for_all_repositories_is_the_users_own(repository, tmp_path):
    expect(0, "git", "install", "--global", cwd=tmp_path)
    assert (tmp_path / "home/.config/git/attributes").read_text() == f"{LINE}\n"
    assert "textconv" in (tmp_path / "home" / ".gitconfig").read_text()
    assert "diff: paramctl" in git(repository, "check-attr", "diff", "x.safetensors")


def test_outside_of_a_repository_there_is_nothing_to_set_up(repository, tmp_path):
    result = expect(2, "git", "install", cwd=tmp_path)
    assert result.err == (
        "paramctl: this folder is in no git repository\n"
        "hint: go to one, or use --global for all of yours\n"
    )


def test_textconv_prints_the_lock():
    model = CHECKPOINTS / "mlp.safetensors"
    assert expect(0, "git", "textconv", model).out == expect(0, "lock", model).out


def test_what_is_no_checkpoint_is_a_line_and_no_failure(tmp_path):
    broken = tmp_path / "m.safetensors"
    broken.write_bytes(b"\0\1")
    assert expect(0, "git", "textconv", broken).out.startswith("unreadable: ")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n"
    broken.write_text(pointer)
    assert expect(0, "git", "textconv", broken).out == pointer


def test_hostile_names_reach_no_pager(tmp_path):
    out = expect(0, "git", "textconv", CHECKPOINTS / "hostile-names.safetensors").out
    assert all(line.isprintable() for line in out.split("\n"))
    assert json.dumps("\x1b[31mred") in out
