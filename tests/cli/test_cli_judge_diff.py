"""``diff`` as users type it: exit codes, forms, gates."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"
W = np.random.default_rng(0).standard_normal((4, 4)).astype(np.float32)


@pytest.fixture
def save(tmp_path):
    def write(name, **tensors):
        path = tmp_path / f"{name}.safetensors"
        save_file({key.replace("__", "."): np.array(value) for key, value in tensors.items()}, path)
        return path

    return write


@pytest.fixture
def pair(save):
    changed = W.copy()
    changed[1, 2] += 1
    a = save("a", q=W, norm=W, old=W[0], cast=W, shape=W)
    b = save("b", q=changed, norm=W, new=W[1], cast=W.astype(np.float16), shape=W.reshape(2, 8))
    return a, b


def test_one_changed_element_is_found_and_named(save):
    changed = W.copy()
    changed[3, 3] = 7
    result = expect(1, "diff", save("a", x=W, y=W), save("b", x=W, y=changed), "--json").json
    assert result["equal"] is False
    assert result["summary"] == {"changed": 1}
    row = result["tensors"][0]
    assert (row["name"], row["status"], row["differing"], row["share"]) == (
        "y",
        "changed",
        1,
        1 / 16,
    )
    assert row["max_abs"] == abs(7 - float(W[3, 3]))


def test_the_keys_of_a_diff_are_the_promised_ones(pair):
    result = expect(1, "diff", *pair, "--json").json
    assert next(iter(result)) == "schema"
    assert {"equal", "summary", "tensors", "violations"} <= set(result)
    assert result["summary"] == {
        "added": 1, "removed": 1, "changed": 1, "reshaped": 1, "cast": 1,
    }  # fmt: skip
    changed = next(row for row in result["tensors"] if row["status"] == "changed")
    assert {"differing", "share", "max_abs", "mean_abs", "rel_l2", "cosine"} <= set(changed)
    assert result["violations"] == []


def test_equal_checkpoints_print_nothing_in_a_pipe(pair):
    assert expect(0, "diff", pair[0], pair[0]).out == ""


@pytest.mark.parametrize("path", sorted(CHECKPOINTS.glob("*.safetensors")), ids=lambda p: p.stem)
def test_every_checkpoint_equals_itself(path):
    code = 2 if path.stem == "empty" else 0
    expect(code, "diff", path, path)
    expect(code, "diff", path, path, "--mode", "value")


def test_sharding_is_no_difference():
    expect(0, "diff", CHECKPOINTS / "mlp.safetensors", CHECKPOINTS / "sharded")


def test_ties_are_a_difference_of_their_own():
    tied, untied = CHECKPOINTS / "tied.safetensors", CHECKPOINTS / "untied.safetensors"
    result = expect(1, "diff", tied, untied, "--json").json
    assert result["summary"] == {"retied": 2}


def test_zero_and_nan_are_judged_by_the_mode(save):
    nan = np.array([0x7FC00001], np.uint32).view(np.float32)
    other = np.array([0x7FC00002], np.uint32).view(np.float32)
    a, b = save("a", x=np.float32([0.0, nan[0]])), save("b", x=np.float32([-0.0, other[0]]))
    row = expect(1, "diff", a, b, "--json").json["tensors"][0]
    assert (row["differing"], row["max_abs"], row["nan"]) == (2, 0.0, [1, 1])
    expect(0, "diff", a, b, "--mode", "value")
    expect(0, "diff", a, a)


def test_a_cast_is_proved_and_counts_only_in_bits(save):
    a, b = save("a", x=W), save("b", x=W.astype(ml_dtypes.bfloat16))
    result = expect(1, "diff", a, b, "--json").json
    assert [(row["status"], row["before"], row["after"]) for row in result["tensors"]] == [
        ("cast", {"dtype": "F32", "shape": [4, 4]}, {"dtype": "BF16", "shape": [4, 4]})
    ]
    value = expect(0, "diff", a, b, "--mode", "value", "--json").json
    assert (value["equal"], value["summary"]) == (True, {"cast": 1})


def test_shuffled_rows_are_a_difference(save):
    expect(1, "diff", save("a", x=W), save("b", x=W[::-1].copy()))


def test_a_renamed_tensor_names_its_new_name(save):
    result = expect(1, "diff", save("a", model__x=W), save("b", x=W), "--json").json
    assert [(r["name"], r["status"], r["to"]) for r in result["tensors"]] == [
        ("model.x", "renamed", "x")
    ]
    apart = expect(1, "diff", save("a", model__x=W), save("b", x=W), "--no-find-renames")
    assert [row[:2] for row in apart.rows] == [["model.x", "removed"], ["x", "added"]]


def test_a_map_makes_renamed_checkpoints_equal(save, tmp_path):
    (tmp_path / "map.json").write_text(json.dumps({"model": ""}))
    a, b = save("a", model__x=W, model__y=W), save("b", x=W, y=W)
    expect(0, "diff", a, b, "--map", tmp_path / "map.json")


@pytest.mark.parametrize("tolerance", ["nan", "inf", "-1", "-inf"])
def test_a_tolerance_that_accepts_everything_is_refused(pair, tolerance):
    result = expect(2, "diff", *pair, "--mode", "value", f"--rtol={tolerance}")
    assert "must be finite and not negative" in result.err


def test_a_tolerance_asks_for_value_mode_and_contradicts_bits(save):
    a, b = save("a", x=W), save("b", x=W + np.float32(1e-6))
    expect(0, "diff", a, b, "--atol", "1e-5")
    expect(2, "diff", a, b, "--mode", "bits", "--atol", "1e-5")
    expect(1, "diff", a, b, "--ulp", "1")
    expect(0, "diff", a, b, "--ulp", "100000")


def test_gates_decide_the_exit_code(pair):
    everything = ["q", "old", "new", "cast", "shape"]
    allow = [word for name in everything for word in ("--allow", name)]
    expect(0, "diff", *pair, *allow)
    expect(0, "diff", *pair, *allow, "--must-change", "q", "--forbid", "norm")
    result = expect(1, "diff", *pair, *allow, "--must-change", "norm", "--json").json
    assert result["violations"] == [{"rule": "must-change", "name": "norm"}]
    assert result["equal"] is False
    result = expect(1, "diff", *pair, "--forbid", "q", "--json").json
    assert result["violations"] == [{"rule": "forbid", "name": "q"}]


def test_a_merge_that_changed_nothing_fails_must_change(pair):
    result = expect(1, "diff", pair[0], pair[0], "--must-change", "**", "--json").json
    assert result["equal"] is True
    assert len(result["violations"]) == 5


def test_comparing_no_tensors_is_wrong_usage():
    empty = CHECKPOINTS / "empty.safetensors"
    result = expect(2, "diff", empty, empty)
    assert result.err == (
        "paramctl: there is no tensor to compare\nhint: an empty comparison proves nothing\n"
    )


def test_a_selection_or_gate_that_matches_nothing_is_wrong_usage(pair):
    expect(2, "diff", *pair, "decoder")
    expect(2, "diff", *pair, "--allow", "decoder")


def test_a_missing_side_is_malformed(pair, tmp_path):
    expect(3, "diff", pair[0], tmp_path / "none.safetensors")


def test_a_selection_narrows_the_diff(pair):
    expect(0, "diff", *pair, "norm")
    assert [row[0] for row in expect(1, "diff", *pair, "q").rows] == ["q"]


def test_names_only_lists_names(pair):
    assert expect(1, "diff", *pair, "--name-only").out.split() == [
        "cast", "new", "old", "q", "shape",
    ]  # fmt: skip


def test_a_limit_keeps_the_largest_changes(save):
    a = save("a", x=W, y=W, z=W)
    b = save("b", x=W * np.float32(1.001), y=W * np.float32(2), z=W)
    rows = expect(1, "diff", a, b, "--limit", "1").rows
    assert [row[0] for row in rows] == ["y"]


def test_the_summary_on_a_terminal_has_bars_largest_first(pair):
    result = expect(1, "diff", *pair, "-f", "table", "--color", "never")
    assert result.out.splitlines() == [
        " new   | added F32 [4]                              ++++++++++++++++++++++++",
        " old   | removed F32 [4]                            ------------------------",
        " shape | reshaped [4,4] to [2,8]",
        " q     | changed 6.25% of 16, max 1, relative 0.272 ~~~~~~~~~~~~~~~~~~~~~~~~",
        " cast  | cast F32 to F16",
        " 1 added, 1 removed, 1 changed, 1 reshaped, 1 cast; 6 tensors compared",
        " 1 of 48 elements differ (2.08%)",
    ]


def test_markdown_suits_a_pull_request(pair):
    """The verdict first, then what broke a gate, then the places, the largest change first."""
    lines = expect(1, "diff", *pair, "--forbid", "q", "-f", "md").out.splitlines()
    assert lines == [
        "- 1 added, 1 removed, 1 changed, 1 reshaped, 1 cast; 6 tensors compared",
        "- 1 of 48 elements differ (2.08%)",
        "- :x: `q` changed, and --forbid names it",
        "",
        "| tensors | what | differing | share | max\\_abs | relative |",
        "| --- | --- | ---: | --- | ---: | --- |",
        "| `new` | added F32 \\[4\\] |  |  |  |  |",
        "| `old` | removed F32 \\[4\\] |  |  |  |  |",
        "| `shape` | reshaped \\[4,4\\] to \\[2,8\\] |  |  |  |  |",
        "| `q` | changed | 1 | 6.25% | 1 | 0.272 |",
        "| `cast` | cast F32 to F16 |  |  |  |  |",
    ]


def test_an_equal_pair_has_a_comment_of_one_line(pair):
    out = expect(0, "diff", pair[0], pair[0], "-f", "md").out
    assert out == "- no difference in 5 tensors\n"


@pytest.mark.parametrize("form", ["tsv", "csv", "jsonl", "md", "table", "json"])
def test_hostile_names_are_escaped_in_every_form(form, tmp_path):
    a = CHECKPOINTS / "hostile-names.safetensors"
    b = CHECKPOINTS / "mlp.safetensors"
    out = expect(1, "diff", a, b, "-f", form).out
    assert not any(mark in out for mark in ("\x1b", "\x07", "\u202e", "\r", "\x00", "\x9b"))


def test_a_change_can_be_explained(save):
    square = np.random.default_rng(1).standard_normal((64, 64)).astype(np.float32)
    update = np.outer(square[0], square[1]).astype(np.float32)
    a, b = save("a", x=square), save("b", x=square + update)
    row = expect(1, "diff", a, b, "--explain", "--json").json["tensors"][0]
    assert row["explanation"] == "rank 1"
    assert expect(1, "diff", a, b, "--explain").rows[0][-1] == "rank 1"


def test_standard_input_can_be_one_side_only(save):
    result = expect(2, "diff", "-", "-")
    assert result.err == "paramctl: standard input holds one checkpoint, not two\n"
