"""A checkpoint nobody here wrote, all-MiniLM-L6-v2, through the verbs and against its oracles."""

import shutil

import numpy as np
import pytest
from command import expect
from safetensors import safe_open

pytestmark = pytest.mark.client


@pytest.fixture(scope="module")
def weights(minilm):
    return minilm / "model.safetensors"


def arrays(path):
    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_ls_lists_what_the_safetensors_library_says(weights):
    listed = expect(0, "ls", weights, "--json").json["tensors"]
    with safe_open(weights, "np") as file:
        wanted = {
            name: (file.get_slice(name).get_dtype(), file.get_slice(name).get_shape())
            for name in file.keys()  # noqa: SIM118
        }
    assert {row["name"]: (row["dtype"], row["shape"]) for row in listed} == wanted
    assert len(listed) == 104
    assert sum(row["numel"] for row in listed) == 22_713_728
    assert sum(row["nbytes"] for row in listed) == weights.stat().st_size - 8 - 11_408


def test_stats_equal_numpy_in_float64(weights):
    rows = expect(0, "stats", weights, "--json").json["tensors"]
    truth = arrays(weights)
    assert len(rows) == 104
    for row in rows:
        values = truth[row["name"]].astype(np.float64)
        assert row["min"] == values.min()
        assert row["max"] == values.max()
        assert row["absmax"] == np.abs(values).max()
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12, abs=1e-15)
        assert row["std"] == pytest.approx(values.std(), rel=1e-12)
        assert row["l2"] == pytest.approx(np.sqrt((values * values).sum()), rel=1e-12)
        assert (row["zeros"], row["nan"], row["inf"]) == ((values == 0).sum(), 0, 0)


def test_init_changes_the_pooler_and_nothing_else(weights, tmp_path):
    for name in ("one", "two"):
        out = tmp_path / f"{name}.safetensors"
        expect(0, "init", weights, "pooler", "--scheme", "xavier", "--seed", "7", "-o", out)
    one, two = (tmp_path / f"{name}.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    before, after = arrays(weights), arrays(one)
    changed = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    assert changed == {"pooler.dense.weight"}  # the published pooler's bias is zeros already
    assert 0 < np.abs(after["pooler.dense.weight"]).max() <= np.sqrt(6 / 768)
    assert not after["pooler.dense.bias"].any()


def test_diff_tells_equal_from_changed(weights, tmp_path):
    out = tmp_path / "out.safetensors"
    expect(0, "init", weights, "pooler", "--scheme", "xavier", "--seed", "7", "-o", out)
    assert expect(0, "diff", weights, weights, "--json").json["equal"] is True
    report = expect(1, "diff", weights, out, "--json").json
    assert {row["name"]: row["status"] for row in report["tensors"]} == {
        "pooler.dense.weight": "changed"
    }
    gates = ("--allow", "pooler", "--must-change", "pooler.dense.weight")
    expect(0, "diff", weights, out, *gates)
    expect(1, "diff", weights, out, "--must-change", "encoder")


def test_rename_and_back_gives_the_original_bytes(weights, tmp_path):
    there, back = tmp_path / "there.safetensors", tmp_path / "back.safetensors"
    expect(0, "rename", weights, "encoder.layer.{n}=blocks.{n}", "-o", there)
    assert "blocks.0.output.dense.weight" in expect(0, "ls", there, "-f", "names").out.splitlines()
    expect(0, "rename", there, "blocks.{n}=encoder.layer.{n}", "-o", back)
    assert back.read_bytes() == weights.read_bytes()


def test_untie_after_tie_of_equal_tensors_gives_the_original_bytes(minilm, tmp_path):
    """Two norms made equal, tied (one copy less in the file), untied: the bytes of before."""
    norm, other = (f"encoder.layer.{n}.output.LayerNorm.weight" for n in (0, 1))
    values = tmp_path / "norm.npy"
    expect(0, "show", minilm / "model.safetensors", norm, "--npy", values)
    equal, tied, untied = (tmp_path / f"{name}.safetensors" for name in ("equal", "tied", "untied"))
    expect(0, "set", minilm / "model.safetensors", other, "--npy", values, "-o", equal)
    expect(0, "tie", equal, norm, other, "-o", tied)
    assert expect(0, "inspect", tied, "--json").json["ties"] == [[norm, other]]
    expect(0, "untie", tied, other, "-o", untied)
    assert untied.read_bytes() == equal.read_bytes()
    assert expect(0, "inspect", untied, "--json").json["ties"] == []


def test_bert_computes_what_transformers_computes(minilm, tmp_path):
    import torch
    from transformers import AutoModel

    tokens = np.array([[101, 7592, 2088, 2003, 1037, 3231, 1012, 102]])
    np.save(tmp_path / "tokens.npy", tokens)
    out = tmp_path / "out.safetensors"
    expect(
        0, "forward", "bert", minilm, "--input", f"input_ids={tmp_path}/tokens.npy", "--save", out
    )
    model = AutoModel.from_pretrained(minilm, attn_implementation="eager").eval()
    with torch.no_grad():
        wanted = model(torch.from_numpy(tokens)).last_hidden_state.numpy()
    saved = arrays(out)
    assert any(
        value.shape == wanted.shape and np.abs(value - wanted).max() < 1e-4
        for value in saved.values()
    )


def test_check_knows_the_buffer_that_bert_no_longer_needs(minilm):
    report = expect(0, "check", minilm, "--spec", "bert", "--json").json
    assert report["ok"] is True
    about = [found for found in report["findings"] if found["name"] == "embeddings.position_ids"]
    assert [found["severity"] for found in about] == ["info"]


def test_a_directory_with_side_files_is_the_same_checkpoint(minilm, weights, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(minilm, copy)
    expect(0, "diff", copy, weights)
