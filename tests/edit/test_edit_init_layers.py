"""What names and ranks say about a tensor, and where they rightly say nothing."""

import math

import pytest

from paramctl.edit.init_layers import layer_by_name
from paramctl.init.defaults import layer_default
from paramctl.manifest import Entry, Manifest, guess_kind

LINEAR = ("out", "in")
CONV = ("out", "in", "spatial", "spatial")


def manifest(**shapes: tuple[int, ...]) -> Manifest:
    """A manifest of F32 tensors; in its names ``__`` stands for a dot."""
    names = {name.replace("__", "."): shape for name, shape in shapes.items()}
    return Manifest(Entry(name, "F32", s, guess_kind(name, "F32")) for name, s in names.items())


def layer(name: str, config: dict | None = None, **shapes: tuple[int, ...]):
    held = manifest(**shapes)
    return layer_by_name(held[name], held, config)


@pytest.mark.parametrize(
    ("name", "shape", "axes"),
    [
        ("0.weight", (8, 4), LINEAR),
        ("wte.weight", (100, 8), LINEAR),
        ("attn.in_proj_weight", (24, 8), LINEAR),
        ("lstm.weight_ih_l0", (32, 8), LINEAR),
        ("conv1.weight", (8, 4, 3), CONV[:3]),
        ("features.0.weight", (8, 4, 3, 3), CONV),
        ("0.kernel", (8, 4), ()),
        ("A_log", (8, 4), ()),
        ("experts.weight", (4, 8, 8), ()),
        ("h.0.attn.c_attn.weight", (768, 2304), ()),
        ("up.conv_transpose.weight", (8, 4, 2, 2), ()),
        ("0.weight.x", (8, 4), ()),
    ],
)
def test_axes_of_ordinary_names(name, shape, axes):
    assert layer(name, **{name.replace(".", "__"): shape}).axes == axes


def test_a_conv1d_of_gpt2_is_not_taken_for_a_linear_layer():
    """Where it is square the fans are the same either way."""
    doubt = "Linear stores (out, in), GPT-2's Conv1D (in, out)"
    config, name = {"model_type": "gpt2"}, "h.0.mlp.proj.weight"
    found = layer(name, config, h__0__mlp__proj__weight=(8, 9))
    assert (found.axes, found.doubt) == ((), doubt)
    assert layer(name, config, h__0__mlp__proj__weight=(8, 8)).axes == ("in", "out")


@pytest.mark.parametrize(
    ("shape", "outputs", "axes"),
    [
        ((24, 72), 72, ("in", "out")),
        ((72, 24), 72, LINEAR),
        ((16, 32, 3, 3), 32, ("in", "out", "spatial", "spatial")),
        ((16, 32, 3, 3), 16, CONV),
        ((32, 4, 3), 32, CONV[:3]),
    ],
)
def test_the_bias_beside_a_weight_tells_which_axis_is_out(shape, outputs, axes):
    for name in ("0", "c_attn", "deconv"):
        found = layer(f"{name}.weight", **{f"{name}__weight": shape, f"{name}__bias": (outputs,)})
        assert (found.axes, found.doubt) == (axes, "")


def test_a_bias_that_fits_neither_axis_leaves_them_open():
    found = layer("0.weight", **{"0__weight": (16, 4, 3, 3), "0__bias": (8,)})
    assert (found.axes, found.doubt) == ((), "its bias has 8 elements, as neither axis")


def test_torch_bounds_a_transposed_convolution_by_its_second_axis():
    shapes = {"0__weight": (16, 32, 3, 3), "0__bias": (32,)}
    for name in ("0.weight", "0.bias"):
        drawn = layer_default("torch", layer(name, **shapes).part)
        assert drawn.high == pytest.approx(1 / math.sqrt(32 * 9))


def test_the_head_of_gpt2_is_a_linear_layer():
    found = layer("lm_head.weight", {"model_type": "gpt2"}, lm_head__weight=(100, 8))
    assert found.axes == LINEAR


@pytest.mark.parametrize(
    "module",
    ["LayerNorm", "ln_1", "ln_f", "norm", "norm1", "input_layernorm", "layer_norm", "bn1", "q_norm",
     "final_layer_norm", "post_attention_layernorm", "BatchNorm"],
)  # fmt: skip
def test_norms_are_known_by_name(module):
    shapes = {f"x__{module}__weight": (8,), f"x__{module}__bias": (8,)}
    weight, bias = (layer(f"x.{module}.{part}", **shapes) for part in ("weight", "bias"))
    assert (weight.kind, weight.part.part) == ("norm", "weight")
    assert (bias.kind, bias.part.part) == ("norm", "bias")


def test_norms_are_known_by_their_running_statistics_and_by_weights_of_one_axis():
    shapes = {"d__1__bias": (8,), "d__1__running_mean": (8,), "d__2__weight": (8,)}
    assert layer("d.1.bias", **shapes).kind == "norm"
    assert layer("d.2.weight", **shapes).kind == "norm"


@pytest.mark.parametrize(
    "config",
    [{"model_type": "gemma2"}, {"model_type": "x", "text_config": {"model_type": "gemma3_text"}}],
)
def test_norms_of_gemma_are_offsets_from_one(config):
    assert layer("norm.weight", config, norm__weight=(8,)).part.centred


def test_a_bias_takes_its_fan_from_the_weight_beside_it():
    shapes = {"a__weight": (8, 4), "a__bias": (8,), "c__weight": (8, 4, 3, 3), "c__bias": (8,)}
    assert layer("a.bias", **shapes).part.fan_in == 4
    assert layer("c.bias", **shapes).part.fan_in == 36


def test_recurrent_tensors_take_their_bound_from_the_hidden_size():
    shapes = {
        "rnn__weight_ih_l0": (32, 5), "rnn__weight_hh_l0": (32, 8),
        "rnn__bias_ih_l0": (32,), "rnn__bias_hh_l0": (32,),
    }  # fmt: skip
    parts = [layer(name.replace("__", "."), **shapes).part for name in shapes]
    assert [part.part for part in parts] == ["input", "hidden", "input_bias", "hidden_bias"]
    assert {(part.fan_in, part.gates) for part in parts} == {(8, 4)}


@pytest.mark.parametrize("name", ["logit_scale", "A_log", "cls_token"])
def test_a_vector_that_is_neither_bias_nor_norm_is_something_else(name):
    assert layer(name, **{name: (8,)}).kind == "other"
