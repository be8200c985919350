"""``check`` as users type it: sound, broken and doubtful checkpoints."""

import json
import math
import shutil
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

FIXTURES = Path(__file__).parents[2] / "fixtures"
CHECKPOINTS = FIXTURES / "checkpoints"
W = np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32)


def found(result):
    return [(row["rule"], row["severity"], row["name"]) for row in result.json["findings"]]


@pytest.fixture
def save(tmp_path):
    def write(metadata=None, **tensors):
        path = tmp_path / "m.safetensors"
        save_file({key.replace("__", "."): value for key, value in tensors.items()}, path, metadata)
        return path

    return write


@pytest.fixture
def sharded(tmp_path):
    return Path(shutil.copytree(CHECKPOINTS / "sharded", tmp_path / "model"))


def edit_index(folder, change):
    path = next(folder.glob("*.index.json"))
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))


def test_a_sound_checkpoint_has_no_findings():
    result = expect(0, "check", CHECKPOINTS / "mlp.safetensors", "--values", "--json")
    assert result.json == {
        "schema": "paramctl/check/1",
        "ok": True,
        "readable": True,
        "findings": [],
        "library": [{"file": "mlp.safetensors", "accepts": True, "message": ""}],
    }


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((FIXTURES / "hostile").glob("*.safetensors")) if path.stem[0] != "V"],
    ids=lambda path: path.stem,
)
def test_a_malformed_file_is_a_finding_and_exit_3(path):
    """What other verbs refuse, ``check`` prints; what they read, it may warn of."""
    readable = expect_any("ls", path)
    result = expect(0 if readable else 3, "check", path, "--json")
    assert result.json["ok"] is readable
    if not readable:
        assert found(result)[0][:2] == ("format", "error")


def expect_any(*arguments):
    from paramctl.errors import CheckpointError
    from paramctl.sources.open import open_source

    try:
        open_source(arguments[1]).close()
    except CheckpointError:
        return False
    return True


def test_the_library_may_accept_what_we_refuse():
    result = expect(3, "check", FIXTURES / "hostile" / "D02.safetensors", "--json")
    assert [row[:2] for row in found(result)] == [("format", "error"), ("library", "info")]
    assert result.json["library"][0]["accepts"] is True


def test_a_missing_model_is_a_finding_too(tmp_path):
    result = expect(3, "check", tmp_path / "none.safetensors", "--json")
    assert result.json["ok"] is False


NAN = [
    ("float16", math.nan), ("bfloat16", math.nan), ("float32", math.nan), ("float64", math.nan),
    ("float8_e4m3fn", math.nan), ("float8_e5m2", math.nan), ("float8_e8m0fnu", math.nan),
    ("float16", math.inf), ("bfloat16", math.inf), ("float32", -math.inf), ("float64", math.inf),
    ("float8_e5m2", -math.inf),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "value"), NAN)
def test_nan_and_inf_are_found_in_every_float_type(dtype, value, save):
    array = np.ones((4, 5), getattr(ml_dtypes, dtype, dtype))
    array[2, 3] = value
    path = save(x=array, y=W)
    expect(0, "check", path)
    result = expect(1, "check", path, "--values", "--json")
    rule = "nan" if math.isnan(value) else "inf"
    assert found(result) == [(rule, "error", "x")]
    assert result.json["findings"][0]["message"].endswith("first at [2, 3]")


def test_matrices_of_zeros_and_constants_are_warnings(save):
    path = save(
        zero=np.zeros((3, 3), np.float32), same=np.full((2, 2), 3, np.float32),
        bias=np.zeros(4, np.float32), norm=np.ones(4, np.float32), good=W,
    )  # fmt: skip
    result = expect(0, "check", path, "--values", "--json")
    assert sorted(found(result)) == [
        ("all-zero", "warning", "zero"),
        ("constant", "warning", "same"),
    ]
    expect(1, "check", path, "--values", "--strict")


def test_rows_of_zeros_are_told(save):
    matrix = W.copy()
    matrix[[1, 5]] = 0
    result = expect(0, "check", save(x=matrix), "--values", "--strict", "--json")
    assert result.json["findings"][0]["message"] == "2 of 8 rows are all zero, first row 1"


def test_equal_tensors_that_nothing_ties_are_a_warning(save):
    path = save(embed=W, lm_head=W, norm_a=np.ones(8, np.float32), norm_b=np.ones(8, np.float32))
    assert found(expect(0, "check", path, "--json")) == [("tie-undeclared", "warning", "lm_head")]
    expect(1, "check", path, "--strict")


def test_tensors_that_differ_late_are_no_twins(save):
    a = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)
    b = a.copy()
    b[-1] += 1
    assert found(expect(0, "check", save(a=a, b=b), "--json")) == []


@pytest.mark.parametrize("name", ["tied", "bart-like", "metadata"])
def test_declared_ties_and_user_metadata_are_sound(name):
    assert found(expect(0, "check", CHECKPOINTS / f"{name}.safetensors", "--json")) == []


def test_an_alias_of_nothing_is_an_error(save):
    path = save({"head.weight": "embed.weight", "note": "embed"}, body__weight=W)
    assert found(expect(1, "check", path, "--json")) == [("dangling-alias", "error", "head.weight")]


def test_a_config_that_ties_different_tensors_is_an_error():
    result = expect(1, "check", CHECKPOINTS / "tied-but-both-stored", "--json")
    assert ("tie-broken", "error", "lm_head.weight") in found(result)


@pytest.mark.parametrize("name", ["tied-by-config", "tied-other-kept"])
def test_a_config_that_ties_what_is_stored_once_is_sound(name):
    assert expect(0, "check", CHECKPOINTS / name, "--json").json["ok"] is True


def test_a_config_that_ties_equal_copies_is_a_warning(tmp_path):
    folder = Path(shutil.copytree(CHECKPOINTS / "tied-by-config", tmp_path / "model"))
    save_file({"model.embed_tokens.weight": W, "lm_head.weight": W}, folder / "model.safetensors")
    found_here = found(expect(0, "check", folder, "--select", "ties", "--json"))
    assert ("tie-stored-twice", "warning", "lm_head.weight") in found_here
    assert not any(rule == "tie-undeclared" for rule, _, _ in found_here)


def test_a_tied_file_under_a_config_that_denies_it_is_a_warning(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"tie_word_embeddings": false}')
    metadata = {"lm_head.weight": "embed.weight"}
    save_file({"embed.weight": W}, folder / "model.safetensors", metadata)
    assert found(expect(0, "check", folder, "--json")) == [
        ("tie-denied", "warning", "lm_head.weight")
    ]


def test_a_sound_index_has_no_findings(sharded):
    assert found(expect(0, "check", sharded, "--json")) == []


def test_a_missing_shard_is_named(sharded):
    shard = sorted(sharded.glob("model-*.safetensors"))[1]
    shard.unlink()
    result = expect(3, "check", sharded, "--json")
    assert ("missing-shard", "error", shard.name) in found(result)


def test_a_truncated_shard_is_named(sharded):
    shard = sorted(sharded.glob("model-*.safetensors"))[0]
    shard.write_bytes(shard.read_bytes()[:-4])
    result = expect(3, "check", sharded, "--json")
    assert ("unreadable-shard", "error", shard.name) in found(result)


def test_lies_of_an_index_are_each_named(sharded):
    def lie(index):
        names = list(index["weight_map"])
        index["weight_map"]["ghost"] = index["weight_map"][names[0]]
        shards = sorted(set(index["weight_map"].values()))
        index["weight_map"][names[0]] = shards[index["weight_map"][names[0]] == shards[0]]
        del index["weight_map"][names[-1]]

    edit_index(sharded, lie)
    shutil.copy(CHECKPOINTS / "mlp.safetensors", sharded / "stray.safetensors")
    result = expect(3, "check", sharded, "--json")
    rules = {rule for rule, _, _ in found(result)}
    assert {"absent", "wrong-shard", "unlisted", "stray-file"} <= rules


def test_a_wrong_total_is_a_warning(sharded):
    edit_index(sharded, lambda index: index["metadata"].update(total_size=1))
    result = expect(0, "check", sharded, "--json")
    assert [row[:2] for row in found(result)] == [("total-size", "warning")]
    expect(1, "check", sharded, "--strict")


def test_an_index_that_leaves_the_folder_is_refused(sharded):
    edit_index(sharded, lambda index: index["weight_map"].update(x="../x.safetensors"))
    assert expect(3, "check", sharded, "--json").json["ok"] is False


def test_leftovers_of_writes_are_told(sharded):
    (sharded / ".model.safetensors.paramctl-1-0123abcd.part").write_bytes(b"")
    rules = found(expect(0, "check", sharded, "--json"))
    assert rules == [("leftover", "warning", ".model.safetensors.paramctl-1-0123abcd.part")]


def test_rules_can_be_selected_and_ignored(save):
    path = save(zero=np.zeros((3, 3), np.float32), a=W, b=W)
    values = expect(0, "check", path, "--values", "--select", "values", "--json")
    assert {rule for rule, _, _ in found(values)} == {"all-zero"}
    rest = expect(0, "check", path, "--values", "--ignore", "all-zero", "--json")
    assert {rule for rule, _, _ in found(rest)} == {"tie-undeclared"}
    result = expect(2, "check", path, "--select", "valeus")
    assert result.err == (
        "paramctl: no check rule or group named 'valeus'\nhint: did you mean values?\n"
    )


def test_fail_fast_stops_at_the_first_error(save):
    array = np.full((4, 4), math.nan, np.float32)
    result = expect(1, "check", save(a=array, b=array), "--values", "--fail-fast", "--json")
    assert [row[0] for row in found(result) if row[1] == "error"] == ["nan"]


def test_findings_read_as_sentences(save):
    array = W.copy()
    array[0, 1] = math.inf
    result = expect(1, "check", save(x=array), "--values", "-f", "table", "--color", "never")
    lines = result.out.splitlines()
    assert lines[0] == "error[inf] x: 1 of 64 values are infinite, first at [0, 1]"
    assert lines[-1].endswith("m.safetensors: 1 error")


def test_every_rule_says_what_it_finds():
    from paramctl.check.rule import GROUPS, RULES

    for name in RULES:
        rule = RULES[name]
        assert rule.id == name
        assert rule.group in GROUPS
        assert rule.needs in ("", "values", "binding", "expectations")
        assert rule.what.endswith(".")
        assert "\n" not in rule.what


def test_the_same_of_many_layers_is_one_line_on_a_terminal_and_all_in_a_pipe(save):
    path = save(**{f"layers__{n}__w": np.full((2, 2), np.nan, np.float32) for n in range(5)})
    told = expect(1, "check", path, "--values", "-f", "table", "--color", "never").out
    assert told.splitlines() == [
        "error[nan] layers.{0..4}.w (5 tensors): 4 of 4 values are NaN, first at [0, 0]",
        f"{path}: 5 errors",
    ]
    assert len(expect(1, "check", path, "--values").rows) == 5


def test_a_sound_model_is_said_to_be_so_on_a_terminal():
    path = CHECKPOINTS / "mlp.safetensors"
    assert expect(0, "check", path, "-f", "table").out == f"{path}: sound\n"
