"""Layers: the list says which layer stands where; names, ties and config.json follow."""

import json

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import edited, files, sharded, single, stored, ties
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.edit.layer_list import parse_layers
from paramctl.edit.layers import Layers
from paramctl.edit.plan import Step
from paramctl.errors import UsageError


def model(count=4, path="model.layers", extra=()):
    tensors = {"embed.weight": spell.f32(np.arange(6).reshape(3, 2))}
    for number in range(count):
        tensors[f"{path}.{number}.a.weight"] = spell.f32(np.full((2, 2), number))
        tensors[f"{path}.{number}.b"] = spell.bf16(np.full(3, 10 + number))
    return tensors | dict(extra)


def marks(path, at="model.layers"):
    """Which layer of the original stands where, by its numbers."""
    found = {}
    for name, (_, _, content) in stored(path).items():
        if name.startswith(f"{at}.") and name.endswith(".a.weight"):
            number = int(name.removeprefix(f"{at}.").split(".")[0])
            found[number] = int(np.frombuffer(content, "<f4")[0])
    return [found[number] for number in range(len(found))]


def configured(tmp_path, config, tensors=None):
    return sharded(tmp_path, tensors or model(), config=config)


def config_of(folder):
    return json.loads((folder / "config.json").read_text())


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_layer_n_of_the_result_is_the_nth_of_the_list(tmp_path_factory, order):
    home = tmp_path_factory.mktemp("layers")
    for make in (single, sharded):
        source = make(home, model())
        out = home / f"out-{make.__name__}{source.suffix}"
        edited(source, out, Step(Layers(",".join(map(str, order)))))
        assert marks(out) == order
        assert stored(out)["embed.weight"] == model()["embed.weight"]
        assert len(stored(out)) == 1 + 2 * len(order)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(4)))
def test_the_inverse_order_gives_the_model_back(tmp_path_factory, order):
    home = tmp_path_factory.mktemp("layers")
    source = single(home, model())
    there, back = home / "there.safetensors", home / "back.safetensors"
    edited(source, there, Step(Layers(",".join(map(str, order)))))
    edited(there, back, Step(Layers(",".join(str(order.index(n)) for n in range(4)))))
    assert stored(back) == stored(source)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("0..3", [0, 1, 2, 3]),
        ("..1,3", [0, 1, 3]),
        ("2..", [2, 3]),
        ("-2..-1", [2, 3]),
        ("0..2,1..3", [0, 1, 2, 1, 2, 3]),
        (" 1 , 0 ", [1, 0]),
        ("..", [0, 1, 2, 3]),
    ],
)
def test_a_list_means_its_numbers_with_both_ends(text, truth):
    assert list(parse_layers(text, range(4))) == truth


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("4", "there is no layer 4"),
        ("0..4", "there is no layer 4"),
        ("-5", "there is no layer -5"),
        ("3..1", "'3..1' is empty: 1 comes before 3"),
        ("", "'' is no layer"),
        ("0,,1", "'' is no layer"),
        ("a", "'a' is no layer"),
        ("0..999999999", "there is no layer 999999999"),
    ],
)
def test_a_list_that_can_not_be_says_why(text, problem):
    with pytest.raises(UsageError) as caught:
        parse_layers(text, range(4))
    assert caught.value.problem == problem


def test_negative_numbers_may_stand_first_on_the_command_line(tmp_path):
    out = tmp_path / "out.safetensors"
    expect(0, "layers", single(tmp_path, model()), "-2..-1,0", "-o", out)
    assert marks(out) == [2, 3, 0]


def test_the_dry_run_shows_every_name_and_writes_nothing(tmp_path):
    source = single(tmp_path, model(2))
    result = expect(0, "layers", source, "1,1", "-n")
    assert result.err == "selected 4 of 5 tensors\n"
    assert [row[:2] for row in result.rows] == [
        ["model.layers.0.a.weight", "removed"],
        ["model.layers.0.b", "removed"],
        ["model.layers.1.a.weight", "renamed"],
        ["model.layers.1.a.weight", "added"],
        ["model.layers.1.b", "renamed"],
        ["model.layers.1.b", "added"],
    ]
    assert list(tmp_path.iterdir()) == [source]


def test_the_number_of_tensors_can_be_insisted_on(tmp_path):
    source = single(tmp_path, model())
    expect(0, "layers", source, "0", "--expect", "8", "-n")
    result = expect(2, "layers", source, "0", "--expect", "9", "-n")
    assert result.err == "paramctl: selected 8 of 9 tensors, expected 9\n"


def test_several_containers_need_a_path(tmp_path):
    source = single(tmp_path, model(2) | model(3, "encoder.block"))
    result = expect(2, "layers", source, "0", "-n")
    assert result.err == (
        "paramctl: there are 2 containers of numbered layers: encoder.block, model.layers\n"
        "hint: say which: --at encoder.block\n"
    )
    out = tmp_path / "out.safetensors"
    expect(0, "layers", source, "2,0", "--at", "encoder.block", "-o", out)
    assert marks(out, "encoder.block") == [2, 0]
    assert marks(out) == [0, 1]
    result = expect(2, "layers", source, "0", "--at", "model.layer", "-n")
    assert result.err == (
        "paramctl: 'model.layer' holds no numbered layers\nhint: containers: model.layers\n"
    )


def test_the_model_itself_and_an_inner_module_may_be_the_container(tmp_path):
    tensors = {
        f"{n}.0.{m}.a.weight": spell.f32(np.full(1, 10 * n + m)) for n in (0, 1) for m in (0, 1)
    }
    source = single(tmp_path, tensors)
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    expect(0, "layers", source, "1", "--at", ".", "-o", one)
    assert marks(one, "0.0") == [10, 11]
    expect(0, "layers", source, "1,0", "--at", "1.0", "-o", two)
    assert marks(two, "1.0") == [11, 10]
    assert marks(two, "0.0") == [0, 1]


def test_a_model_without_layers_says_so(tmp_path):
    result = expect(2, "layers", single(tmp_path, {"x": spell.f32(np.zeros(1))}), "0", "-n")
    assert result.err == "paramctl: no tensor belongs to a numbered layer\n"


def test_ties_inside_a_layer_are_ties_inside_its_copy(tmp_path):
    tensors = model(2)
    inner = {"model.layers.1.c": "model.layers.1.b", "model.layers.0.out": "embed.weight"}
    source = single(tmp_path, tensors, inner)
    out = tmp_path / "out.safetensors"
    expect(0, "layers", source, "0,1,1,0", "-o", out)
    assert sorted(ties(out)) == [
        ["embed.weight", "model.layers.0.out", "model.layers.3.out"],
        ["model.layers.1.b", "model.layers.1.c"],
        ["model.layers.2.b", "model.layers.2.c"],
    ]


def test_a_tensor_of_a_dropped_layer_stays_for_the_layers_that_share_it(tmp_path):
    source = single(tmp_path, model(2), {"model.layers.1.shared": "model.layers.0.b"})
    out = tmp_path / "out.safetensors"
    expect(0, "layers", source, "1", "-o", out)
    assert stored(out)["model.layers.0.shared"] == model(2)["model.layers.0.b"]


@pytest.mark.parametrize(
    ("config", "path", "truth"),
    [
        ({"num_hidden_layers": 4}, "model.layers", {"num_hidden_layers": 3}),
        ({"n_layer": 4, "n_head": 4}, "h", {"n_layer": 3, "n_head": 4}),
        (
            {"num_layers": 4, "num_decoder_layers": None},
            "encoder.block",
            {"num_layers": 3, "num_decoder_layers": 4},
        ),
        (
            {"num_layers": 4, "num_decoder_layers": 4},
            "decoder.block",
            {"num_layers": 4, "num_decoder_layers": 3},
        ),
        (
            {"encoder_layers": 4, "decoder_layers": 2, "num_hidden_layers": 4},
            "model.encoder.layers",
            {"encoder_layers": 3, "decoder_layers": 2, "num_hidden_layers": 3},
        ),
        (
            {"text_config": {"num_hidden_layers": 4}, "vision_config": {"num_hidden_layers": 4}},
            "vision_model.encoder.layers",
            {"text_config": {"num_hidden_layers": 4}, "vision_config": {"num_hidden_layers": 3}},
        ),
        (
            {"text_config": {"num_hidden_layers": 4, "layer_types": list("abca")}, "n": 1},
            "model.language_model.layers",
            {"text_config": {"num_hidden_layers": 3, "layer_types": list("aca")}, "n": 1},
        ),
        (
            {"num_hidden_layers": 4, "mlp_only_layers": [0, 1], "first_k_dense_replace": 1},
            "model.layers",
            {"num_hidden_layers": 3, "mlp_only_layers": [0], "first_k_dense_replace": 1},
        ),
        (
            {
                "num_layers": 4,
                "attention_types": [[["g", "l"], 2]],
                "attention_layers": list("glgl"),
            },
            "transformer.h",
            {
                "num_layers": 3,
                "attention_types": [[list("ggl"), 1]],
                "attention_layers": list("ggl"),
            },
        ),
    ],
)
def test_config_json_follows_under_the_familys_key(tmp_path, config, path, truth):
    source = configured(tmp_path, config, model(4, path))
    expect(0, "layers", source, "0,2,3", "-o", tmp_path / "out")
    assert config_of(tmp_path / "out") == truth


def test_the_same_layers_change_nothing(tmp_path):
    source = configured(tmp_path, {"num_hidden_layers": 4})
    expect(0, "layers", source, "0..3", "-o", tmp_path / "out")
    assert files(tmp_path / "out") == files(source)


def test_dense_layers_can_not_follow_others(tmp_path):
    source = configured(tmp_path, {"num_hidden_layers": 4, "first_k_dense_replace": 1})
    result = expect(2, "layers", source, "1,0", "-o", tmp_path / "out")
    assert result.err == (
        "paramctl: layers below 1 have no experts (first_k_dense_replace); config.json can say "
        "so of the first layers only\nhint: list them first\n"
    )


def test_an_unknown_key_for_the_count_is_told(tmp_path):
    source = configured(tmp_path, {"depths": [4]})
    result = expect(0, "layers", source, "0", "-n")
    assert result.err.splitlines()[-1] == (
        "note: config.json has no known key for the number of layers: 1"
    )


def test_provenance_keeps_the_list(tmp_path):
    out = tmp_path / "out.safetensors"
    expect(0, "layers", single(tmp_path, model()), "3..3", "--provenance", "-o", out)
    from paramctl.sources.open import open_source

    with open_source(out) as source:
        recipe = json.loads(source.manifest.metadata["paramctl.recipe"])
    assert recipe == [{"layers": {"order": "3..3"}}]
