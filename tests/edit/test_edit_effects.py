"""A dry run tells all that would change: tensors, config.json, metadata and files."""

import json

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded, single

CONFIG = {"num_hidden_layers": 2, "vocab_size": 4, "tie_word_embeddings": False}
TENSORS = {
    "embed_tokens.weight": spell.f32(np.ones((4, 2))),
    "lm_head.weight": spell.f32(np.ones((4, 2))),
    "layers.0.weight": spell.f32(np.ones(2)),
    "layers.1.weight": spell.f32(np.zeros(2)),
}


def notes(result):
    return [line for line in result.err.splitlines() if line.startswith("note: ")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("resize", "embed_tokens", "lm_head", "--dim", "0=6"),
            ["note: config.json: vocab_size: 4 -> 6"],
        ),
        (("layers", "1"), ["note: config.json: num_hidden_layers: 2 -> 1"]),
        (
            ("tie", "embed_tokens.weight", "lm_head.weight"),
            [
                "note: config.json: tie_word_embeddings: false -> true",
                "note: metadata: lm_head.weight: nothing -> embed_tokens.weight",
            ],
        ),
        (
            ("meta", "--set", "author=me", "--unset", "format"),
            ["note: metadata: format: pt -> nothing", "note: metadata: author: nothing -> me"],
        ),
        (("drop", "layers.0"), []),
    ],
)
def test_what_else_changes_is_told(tmp_path, words, told):
    model = sharded(tmp_path, TENSORS, config=CONFIG)
    verb, *others = words
    assert notes(expect(0, verb, model, *others, "-n")) == told


def test_the_files_of_a_new_layout_are_told(tmp_path):
    model = single(tmp_path, TENSORS)
    result = expect(0, "reshard", model, "--max-shard-size", "40", "-n")
    names = [line.split(": ")[1] for line in notes(result)]
    assert [name for name in names if name.endswith(".safetensors")] == [
        f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)
    ]
    assert names[-1] == "model.safetensors.index.json"
    out = tmp_path / "out"
    expect(0, "reshard", model, "--max-shard-size", "40", "-o", out, "-q")
    written = {path.name: path.stat().st_size for path in out.iterdir()}
    for line in notes(result)[:-1]:
        _, name, about = line.split(": ")
        assert int(about.split()[2].replace(",", "")) == written[name]


def test_what_is_done_is_not_told_again(tmp_path):
    """Without -n the line after writing is enough."""
    model = sharded(tmp_path, TENSORS, config=CONFIG)
    assert notes(expect(0, "layers", model, "1", "-o", tmp_path / "out")) == []
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["num_hidden_layers"] == 1


def test_a_name_that_an_expression_lacks_is_found_in_a_dry_run(tmp_path):
    model = single(tmp_path, TENSORS)
    result = expect(2, "set", model, "layers.0.weight", "y + 1", "-n")
    assert result.err == "paramctl: 'y' is not known here\n    y + 1\n    ^\n"
    expect(0, "set", model, "layers.0.weight", "1 / (x - 1)", "-n")


def test_a_folder_is_no_recipe(tmp_path):
    model = single(tmp_path, TENSORS)
    result = expect(3, "apply", tmp_path, model, "--check")
    assert result.err == f"paramctl: {tmp_path}: a recipe is a regular file\n"


def test_an_adapter_of_another_model_has_nothing_in_common(tmp_path):
    one = single(tmp_path, TENSORS)
    two = single(tmp_path, {"x": spell.f32(np.ones(2))}, name="two.safetensors")
    result = expect(2, "lora", "extract", one, two, "-o", tmp_path / "out")
    assert result.err == f"paramctl: {two}: it has none of the 4 selected tensors\n"
