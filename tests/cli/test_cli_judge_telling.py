"""What ``diff`` tells, and how: by module, as a picture, in steps, with explanations."""

import math

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Twelve layers of which one is new, one cast, and some changed more and more; two others."""
    folder = tmp_path_factory.mktemp("pair")
    a = {
        f"m.layers.{n}.{rest}": RANDOM.standard_normal((6, 6)).astype(np.float32)
        for n in range(12)
        for rest in ("q.weight", "up.weight")
    }
    a |= {"embed": RANDOM.standard_normal((9, 6)).astype(np.float32), "old": np.float32([1, 2])}
    b = {name: value.copy() for name, value in a.items()}
    for layer, size in ((1, 1e-5), (2, 1e-3), (3, 0.02), (4, 0.9)):
        b[f"m.layers.{layer}.q.weight"] *= np.float32(1 + size)
    b["m.layers.5.up.weight"] = b["m.layers.5.up.weight"].astype(np.float16)
    b["m.layers.12.up.weight"] = np.ones((6, 6), np.float32)
    b["embed"] = np.concatenate([b["embed"], np.ones((2, 6), np.float32)])
    del b["old"]
    save_file(a, folder / "a.safetensors")
    save_file(b, folder / "b.safetensors")
    return folder / "a.safetensors", folder / "b.safetensors"


def test_the_picture_has_layers_across_and_tensors_down(pair):
    out = expect(1, "diff", *pair, "--picture", "-f", "table", "--color", "never").out
    assert (
        out
        == (
            " m.layers   0         10\n"
            " q.weight   ·░▒▓█·······\n"
            " up.weight  ·····c······A\n"
            "\n"
            " embed      S\n"
            " old        D\n"
            "\n"
            " relative change: · none  ░ < 0.001  ▒ < 0.01  ▓ < 0.1  █ more\n"
            " A added  D removed  S reshaped  c cast\n"
            "\n"
        ).rstrip("\n")
        + "\n 1 added, 1 removed, 4 changed, 1 reshaped, 1 cast; 27 tensors compared\n"
        + " 144 of 864 elements differ (16.7%)\n"
    )


def test_many_layers_stand_in_bands_on_a_narrow_screen(pair, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    lines = expect(1, "diff", *pair, "m", "--picture", "-f", "table").out.splitlines()
    assert lines[:6] == [
        " m.layers   0      7",
        " q.weight   ·░▒▓█···",
        " up.weight  ·····c··",
        " m.layers   8 10",
        " q.weight   ····",
        " up.weight  ····A",
    ]


def test_the_picture_in_a_pipe_is_a_row_per_cell(pair):
    rows = expect(1, "diff", *pair, "--picture").rows
    assert len(rows) == 12 + 13 + 2
    assert ["m.layers", "5", "up.weight", "cast", ""] in [[*row[:4], ""] for row in rows]
    assert ["m.layers", "0", "q.weight", "equal", "0.0"] in rows
    assert ["", "", "old", "removed", ""] in rows


def test_the_picture_in_json_stands_beside_the_tensors(pair):
    found = expect(1, "diff", *pair, "--picture", "--json").json
    assert found["summary"]["changed"] == 4
    cell = next(c for c in found["picture"] if c["layer"] == 4 and c["tensor"] == "q.weight")
    assert cell["rel_l2"] == pytest.approx(0.9, rel=1e-4)
    assert len(found["tensors"]) == 8


def test_equal_models_have_a_picture_too(pair):
    out = expect(0, "diff", pair[0], pair[0], "--picture", "-f", "table").out
    assert " q.weight   ············\n" in out


def test_figures_by_module_are_of_its_changed_tensors_its_share_is_of_all(tmp_path):
    a = {f"m.{part}": RANDOM.standard_normal((5, 5)).astype(np.float32) for part in "wxy"}
    b = {**a, "m.w": a["m.w"] * 2, "m.x": a["m.x"] + np.float32(0.1)}
    save_file(a, tmp_path / "a.safetensors")
    save_file(b, tmp_path / "b.safetensors")
    paths = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    row = expect(1, "diff", *paths, "--by", "module", "--json").json["modules"][0]
    old, new = (np.concatenate([side["m.w"], side["m.x"]]).astype(float).ravel() for side in (a, b))
    assert (row["module"], row["changes"], row["summary"]) == ("m", 2, {"changed": 2})
    assert (row["differing"], row["share"]) == (50, 50 / 75)
    assert row["max_abs"] == np.abs(new - old).max()
    norms = np.linalg.norm(new), np.linalg.norm(old)
    assert row["rel_l2"] == pytest.approx(np.linalg.norm(new - old) / norms[1], rel=1e-12)
    assert row["cosine"] == pytest.approx(new @ old / norms[0] / norms[1], rel=1e-12)


def test_modules_that_did_not_change_have_a_row_too(pair):
    found = expect(1, "diff", *pair, "--by", "module", "--json").json["modules"]
    assert [row["module"] for row in found[:3]] == ["", "m.layers.0.q", "m.layers.0.up"]
    row = next(row for row in found if row["module"] == "m.layers.7.up")
    assert (row["changes"], row["differing"], row["share"], row["rel_l2"]) == (0, 0, 0.0, None)
    assert len(found) == 1 + 12 + 13


def test_a_table_has_the_largest_change_first_and_counts_modules_without_one(pair):
    out = expect(1, "diff", *pair, "--by", "module", "-f", "table").out
    named = [line.split()[0] for line in out.splitlines() if line.startswith("m.")]
    known = {
        row["module"]: row
        for row in expect(1, "diff", *pair, "--by", "module", "--json").json["modules"]
    }
    sizes = [math.inf if known[name]["rel_l2"] is None else known[name]["rel_l2"] for name in named]
    assert sizes == sorted(sizes, reverse=True)
    assert all(known[name]["changes"] for name in named)
    unchanged = sum(not row["changes"] for row in known.values())
    assert f"\nno change in {unchanged} of {len(known)} modules\n" in out


def test_modules_without_figures_have_none(pair):
    found = expect(1, "diff", *pair, "--by", "module", "--json").json["modules"]
    row = next(row for row in found if row["module"] == "m.layers.12.up")
    assert (row["differing"], row["rel_l2"], row["summary"]) == (None, None, {"added": 1})


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl", "md", "names"])
@pytest.mark.parametrize("flags", [("--by", "module"), ("--picture",), ("--ulps", "--explain")])
def test_all_of_it_comes_in_every_form(pair, form, flags):
    assert "m.layers" in expect(1, "diff", *pair, *flags, "-f", form).out


def test_steps_are_told_of_changed_tensors_when_asked(pair):
    rows = expect(1, "diff", *pair, "--ulps", "--json").json["tensors"]
    assert {row["name"] for row in rows if "ulps" in row} == {
        f"m.layers.{n}.q.weight" for n in (1, 2, 3, 4)
    }
    for row in rows:
        if "ulps" in row:
            assert sum(step["count"] for step in row["ulps"]["steps"]) == 36
    plain = expect(1, "diff", *pair, "--json").json["tensors"]
    assert not any("ulps" in row for row in plain)


def test_appended_rows_explain_another_shape(pair):
    out = expect(1, "diff", *pair, "embed", "--explain", "-f", "table").out
    assert out.splitlines()[0] == " embed | reshaped [9,6] to [11,6], 2 rows appended"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--by", "layer"), "--by takes module, not 'layer'"),
        (("--by", "module", "--picture"), "--by and --picture can't both be told"),
        (("--picture", "--name-only"), "--picture needs figures"),
        (("--by", "module", "--name-only"), "--by needs figures"),
    ],
)
def test_wrong_usage_says_what_is_wrong(pair, flags, message):
    assert expect(2, "diff", *pair, *flags).err.splitlines()[0] == f"paramctl: {message}"
