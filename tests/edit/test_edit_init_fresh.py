"""A new checkpoint from a spec: sizes, defaults of the layers, ties, buffers, padding."""

import math
from pathlib import Path

import numpy as np
import pytest

from paramctl.edit.content import array
from paramctl.edit.init import Init
from paramctl.edit.init_choice import Choice
from paramctl.edit.init_fresh import plan_fresh, sized_model
from paramctl.edit.plan import Plan, Step
from paramctl.errors import UsageError
from paramctl.init.draw import draw
from paramctl.init.normal import Normal
from paramctl.init.rules import parse_rule
from paramctl.spec.load import load_spec

MLP = "Linear(out_features=256), relu, Linear(out_features=10)"
ROWS = {"x": ((2, 20), "float32")}


def fresh(
    folder: Path, layers: str, *schemes: str, inputs=None, select=(), more: str = "", **options
) -> Plan:
    path = folder / "net.yaml"
    path.write_text(f"paramctl: 1\nname: net\n{more}\nmodel: Sequential({layers})\n")
    spec = load_spec(path)
    edit = Init(tuple(map(parse_rule, schemes)), **options)
    return plan_fresh(spec, sized_model(spec, inputs), Step(edit, tuple(select)))


def values(made: Plan) -> dict[str, np.ndarray]:
    """Every stored tensor of the new checkpoint."""
    return {
        entry.name: array(made.draft.content(entry.name), entry.dtype, entry.shape)
        for entry in made.manifest.stored
    }


def test_open_sizes_follow_from_an_input(tmp_path):
    made = fresh(tmp_path, MLP, inputs=ROWS)
    assert {name: x.shape for name, x in values(made).items()} == {
        "0.weight": (256, 20), "0.bias": (256,), "2.weight": (10, 256), "2.bias": (10,),
    }  # fmt: skip


def test_sizes_that_the_spec_settles_need_no_input(tmp_path):
    made = fresh(tmp_path, "Linear(20, 256), relu, Linear(out_features=10)")
    assert made.manifest["2.weight"].shape == (10, 256)


def test_an_open_size_is_an_error_that_says_how_to_give_it(tmp_path):
    with pytest.raises(UsageError) as error:
        fresh(tmp_path, MLP)
    assert str(error.value) == "the shape of the input 'x' is not known"
    assert error.value.hint == "give its shape: --input x=2x20"


def test_defaults_are_those_of_the_layers(tmp_path):
    made = values(fresh(tmp_path, MLP, inputs=ROWS))
    for name, bound in [("0.weight", 20), ("0.bias", 20), ("2.weight", 256), ("2.bias", 256)]:
        assert 0.8 / math.sqrt(bound) < np.abs(made[name]).max() <= 1 / math.sqrt(bound)


def test_a_scheme_is_for_weights_and_leaves_biases_zero(tmp_path):
    made = values(fresh(tmp_path, MLP, "constant(1)", inputs=ROWS))
    assert {name: set(x.ravel().tolist()) for name, x in made.items()} == {
        "0.weight": {1}, "0.bias": {0}, "2.weight": {1}, "2.bias": {0},
    }  # fmt: skip


def test_a_selection_limits_the_scheme_and_not_the_checkpoint(tmp_path):
    found: list[Choice] = []
    made = fresh(tmp_path, MLP, "ones", inputs=ROWS, select=["0.weight"], tell=found.append)
    assert made.chosen[0].matched == 1
    assert {c.entry.name: c.rule for c in found} == {
        "0.weight": "--scheme",
        "0.bias": "--scheme default: Linear.bias",
        "2.weight": "--scheme default: Linear.weight",
        "2.bias": "--scheme default: Linear.bias",
    }


def test_there_is_nothing_to_keep_in_a_new_checkpoint(tmp_path):
    made = values(fresh(tmp_path, MLP, "ones", inputs=ROWS, bias="keep"))
    assert 0 < np.abs(made["0.bias"]).max() <= 1 / math.sqrt(20)


def test_values_are_those_that_a_checkpoint_of_the_same_names_gets(tmp_path):
    made = values(fresh(tmp_path, MLP, "normal(std=0.02)", inputs=ROWS, seed=7))
    assert np.array_equal(made["2.weight"], draw(Normal(std=0.02), 7, "2.weight", (10, 256)))


def test_a_layer_more_leaves_the_others_as_they_were(tmp_path):
    short = values(fresh(tmp_path, "Linear(4, 8), relu", "normal"))
    long = values(fresh(tmp_path, "Linear(4, 8), relu, Linear(8, 8)", "normal"))
    assert all(np.array_equal(short[name], long[name]) for name in short)


def test_a_tie_is_drawn_and_stored_once_under_its_canonical_name(tmp_path):
    ties = 'ties: {"4.weight": "2.weight", "4.bias": "2.bias"}'
    layers = "Linear(4, 8), relu, Linear(8, 8), relu, Linear(8, 8), relu, Linear(8, 1)"
    made = fresh(tmp_path, layers, "normal", more=ties)
    manifest = made.manifest
    assert manifest.ties == [["2.weight", "4.weight"], ["2.bias", "4.bias"]]
    assert sum(entry.numel for entry in manifest.stored) == 121
    assert np.array_equal(values(made)["2.weight"], draw(Normal(), 0, "2.weight", (8, 8)))


def test_buffers_start_as_their_layer_says(tmp_path):
    made = values(fresh(tmp_path, "Conv2d(3, 8, 3), BatchNorm2d(8)", "normal"))
    assert made["1.weight"].tolist() == [1] * 8
    assert made["1.running_mean"].tolist() == [0] * 8
    assert made["1.running_var"].tolist() == [1] * 8
    assert (made["1.num_batches_tracked"].tolist(), made["1.num_batches_tracked"].dtype) == (
        0,
        "i8",
    )


def test_a_padding_row_stays_zero_under_any_scheme(tmp_path):
    for scheme in ("normal", "default", "0.weight=ones"):
        weight = values(fresh(tmp_path, "Embedding(10, 4, padding_idx=2)", scheme))["0.weight"]
        assert np.flatnonzero(~weight.any(axis=1)).tolist() == [2]


def test_fans_of_a_conv1d_and_of_an_embedding_come_from_their_roles(tmp_path):
    made = values(fresh(tmp_path, "Conv1D(2304, 768)", "kaiming_uniform"))
    bound = math.sqrt(6 / 768)
    assert 0.999 * bound < np.abs(made["0.weight"]).max() <= bound
    made = values(fresh(tmp_path, "Embedding(1000, 64)", "jax.default"))
    assert made["0.weight"].std() == pytest.approx(1 / 8, rel=5 * math.sqrt(2 / 64000))


def test_rules_of_the_spec_come_before_those_of_its_layers(tmp_path):
    rules = 'init: {"**.weight": normal(std=0.02), "1.weight": normal(std=2), "0.bias": ones}'
    found: list[Choice] = []
    fresh(tmp_path, "Linear(4, 8), Linear(8, 8), LayerNorm(8)", more=rules, tell=found.append)
    assert {choice.entry.name: (choice.scheme, choice.rule) for choice in found} == {
        "0.weight": ("normal(std=0.02)", "--scheme default: init: **.weight"),
        "0.bias": ("ones", "--scheme default: init: 0.bias"),
        "1.weight": ("normal(std=2.0)", "--scheme default: init: 1.weight"),
        "1.bias": (
            f"uniform(low=-{1 / math.sqrt(8)!r}, high={1 / math.sqrt(8)!r})",
            "--scheme default: Linear.bias",
        ),
        "2.weight": ("ones", "--scheme default: LayerNorm.weight"),
        "2.bias": ("zeros", "--scheme default: LayerNorm.bias"),
    }


def test_a_model_without_tensors_is_no_checkpoint(tmp_path):
    with pytest.raises(UsageError) as error:
        fresh(tmp_path, "relu")
    assert error.value.problem == "the model has no tensors"


LAYERS = [
    "Linear(40, 30)", "Conv2d(8, 12, 3, groups=2)", "ConvTranspose2d(16, 32, 3)", "LSTM(20, 16)",
    "GRU(20, 16)", "Embedding(50, 40)", "LayerNorm(40)",
]  # fmt: skip


@pytest.mark.client
@pytest.mark.parametrize("layer", LAYERS)
def test_layers_are_drawn_as_torch_draws_them(tmp_path, layer):
    """Names, shapes, and the root mean square within five standard errors."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    theirs = eval(layer, vars(nn)).state_dict()
    ours = values(fresh(tmp_path, layer))
    assert {name.removeprefix("0."): x.shape for name, x in ours.items()} == {
        name: tuple(x.shape) for name, x in theirs.items()
    }
    for name, x in theirs.items():
        mine, other = (np.sqrt(np.mean(np.square(v))) for v in (ours[f"0.{name}"], x.numpy()))
        assert abs(mine - other) <= 5 * other * math.sqrt(2 / x.numel())
