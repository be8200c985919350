"""``report`` as users type it."""

import shutil
from pathlib import Path

import numpy as np
from command import call, expect, peak_memory

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"
MODEL = CHECKPOINTS / "mlp.safetensors"


def test_a_page_is_written_and_said(tmp_path):
    page = tmp_path / "report.html"
    result = expect(0, "report", MODEL, "-o", page)
    size = page.stat().st_size
    assert (result.out, result.err) == ("", f"wrote {page}: {size:,} bytes\n")
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_same_command_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        expect(0, "report", CHECKPOINTS / "sharded", "-o", tmp_path / name, "-q")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_other_model_is_the_one_before(tmp_path):
    page = tmp_path / "report.html"
    expect(0, "report", CHECKPOINTS / "tied.safetensors", "--against", MODEL, "-o", page)
    assert "<h2>Changes from mlp.safetensors</h2>" in page.read_text()


def test_a_page_may_go_to_standard_output(tmp_path):
    page = tmp_path / "report.html"
    expect(0, "report", MODEL, "-o", page)
    assert expect(0, "report", MODEL, "-o", "-").out == page.read_text()


def test_nothing_is_replaced_without_force(tmp_path):
    page = tmp_path / "report.html"
    page.write_text("mine")
    result = expect(2, "report", MODEL, "-o", page)
    assert result.err == (f"paramctl: {page}: it exists already\nhint: add --force to replace it\n")
    assert page.read_text() == "mine"
    expect(0, "report", MODEL, "-o", page, "--force")
    assert page.read_text() != "mine"


def test_an_input_is_never_replaced(tmp_path):
    model = Path(shutil.copy(MODEL, tmp_path / "m.safetensors"))
    before = model.read_bytes()
    for arguments in (model,), (MODEL, "--against", model):
        result = expect(2, "report", *arguments, "-o", model, "--force")
        assert "it is an input" in result.err
    assert model.read_bytes() == before


def test_a_page_needs_a_place_and_has_one_format():
    assert expect(2, "report", MODEL).err == (
        "paramctl: the page needs a place\nhint: add -o report.html\n"
    )
    assert expect(2, "report", MODEL, "-f", "csv", "-o", "x").err == (
        "paramctl: a report is a page, it has no other format\nhint: leave out -f\n"
    )


def test_a_malformed_model_leaves_no_page(tmp_path):
    hostile = CHECKPOINTS.parent / "hostile" / "L03.safetensors"
    assert call("report", hostile, "-o", tmp_path / "report.html").code == 3
    assert not list(tmp_path.iterdir())


def test_a_page_of_a_large_file_needs_memory_for_blocks_of_it(tmp_path):
    """A quarter of a GiB of zeros is read block by block."""
    from safetensors.numpy import save_file

    model = tmp_path / "m.safetensors"
    save_file({"a": np.zeros((1 << 12, 1 << 14), np.float32)}, model)
    assert peak_memory("report", model, "-o", tmp_path / "r.html", "-q") < 200 << 20
