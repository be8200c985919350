"""Config names: defaults, config.json, overrides; what a spec may say about the rest."""

import pytest
from spec.spec_runs import built, count, fill, run, shapes_of, write

from paramctl.errors import SpecError, UsageError
from paramctl.spec.config import parse_override
from paramctl.spec.load import load_spec

HEAD = "paramctl: 1\nmodel: relu\nconfig:\n"


def values(folder, text, config=None, overrides=None):
    return load_spec(write(folder, HEAD + text), config, overrides).config


def test_a_default_may_be_computed_from_others_in_any_order(tmp_path):
    text = "  head: = hidden // heads\n  hidden: 64\n  heads: 4\n"
    assert values(tmp_path, text)["head"] == 16
    assert values(tmp_path, text, {"hidden": 128})["head"] == 32


def test_an_override_beats_config_json_and_that_the_default(tmp_path):
    text = "  hidden: 64\n"
    assert values(tmp_path, text, {"hidden": 8})["hidden"] == 8
    assert values(tmp_path, text, {"hidden": 8}, {"hidden": 4})["hidden"] == 4


def test_null_in_config_json_means_the_default(tmp_path):
    assert values(tmp_path, "  inner: = 4 * 8\n", {"inner": None})["inner"] == 32


def test_null_in_config_json_stays_null_for_a_nullable_name(tmp_path):
    text = "  cap: {default: 50.0, nullable: true}\n"
    assert values(tmp_path, text)["cap"] == 50.0
    assert values(tmp_path, text, {"cap": None})["cap"] is None
    assert values(tmp_path, text, {"cap": 3.0})["cap"] == 3.0


@pytest.mark.parametrize(
    ("default", "text", "wanted"),
    [("1e-6", "1e-5x", "a number"), ("8", "two", "a number"), ("true", "no", "true or false")],
)
def test_a_text_is_refused_where_a_number_or_a_truth_belongs(tmp_path, default, text, wanted):
    with pytest.raises(SpecError) as caught:
        values(tmp_path, f"  name: {default}\n", {"name": text})
    told = f"name is the text '{text}' by config.json, not {wanted}"
    assert caught.value.problem.split("\n")[0] == told
    with pytest.raises(UsageError) as caught:
        values(tmp_path, f"  name: {default}\n", None, {"name": text})
    assert str(caught.value) == f"name is the text '{text}' by --set, not {wanted}"


def test_a_value_that_the_spec_can_not_build_is_refused(tmp_path):
    text = "  places: {default: absolute, choices: [absolute, none]}\n"
    assert values(tmp_path, text, {"places": "none"})["places"] == "none"
    with pytest.raises(SpecError) as refused:
        values(tmp_path, text, {"places": "relative"})
    assert str(refused.value).split("\n")[0] == (
        f"{tmp_path / 'net.yaml'}:4:3: places is the text 'relative' by config.json, "
        "and this spec builds absolute, none"
    )
    with pytest.raises(UsageError) as wrong:
        values(tmp_path, text, None, {"places": 3})
    assert str(wrong.value) == "places is 3 (int) by --set, and this spec builds absolute, none"


def test_a_value_is_looked_for_in_several_places(tmp_path):
    text = "  theta: {default: 1.0, from: [theta, rope.theta, len(labels)]}\n"
    assert values(tmp_path, text)["theta"] == 1.0
    assert values(tmp_path, text, {"rope": {"theta": 5.0}})["theta"] == 5.0
    assert values(tmp_path, text, {"theta": 2.0, "rope": {"theta": 5.0}})["theta"] == 2.0
    assert values(tmp_path, text, {"labels": {"0": "a", "1": "b"}})["theta"] == 2


def test_texts_lists_and_numbers_are_what_yaml_1_2_says(tmp_path):
    text = "  act: silu\n  sizes: [3, 4]\n  eps: 1e-5\n  flag: no\n  on: true\n  none: null\n"
    assert values(tmp_path, text) == {
        "act": "silu",
        "sizes": [3, 4],
        "eps": 1e-5,
        "flag": "no",
        "on": True,
        "none": None,
    }


def test_every_value_tells_where_it_came_from(tmp_path):
    path = write(tmp_path, HEAD + "  a: 1\n  b: 2\n  c: 3\n")
    spec = load_spec(path, {"b": 5}, {"c": 6})
    assert dict(spec.origins) == {"a": f"{path}:4", "b": "config.json", "c": "--set"}


def test_an_override_of_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        values(tmp_path, "  hidden: 1\n", None, {"hiden": 2})
    assert str(caught.value) == "the spec has no config name 'hiden'"
    assert caught.value.hint == "did you mean hidden?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=3", ("a", 3)),
        ("a=1e-3", ("a", 1e-3)),
        ("a=true", ("a", True)),
        ("a=gelu", ("a", "gelu")),
        ("a=", ("a", None)),
        ("a='3'", ("a", "3")),
        ("a=[1, 2]", ("a", [1, 2])),
        ("a=no", ("a", "no")),
    ],
)
def test_overrides_are_typed_as_in_yaml(text, expected):
    assert parse_override(text) == expected


def test_a_text_names_the_function_that_is_called(tmp_path):
    text = "paramctl: 1\nconfig: {act: relu}\nmodel:\n  forward: return act(x)\n"
    path = write(tmp_path, text)
    for act, expected in (("relu", [0, 3]), ("gelu_new", [-0.0454, 2.9964]), ("sign", [-1, 1])):
        spec, net = built(path, {"act": act})
        assert run(spec, net, x=[-2.0, 3.0]).array == pytest.approx(expected, abs=1e-4)


def test_extends_merges_maps_by_key_and_replaces_blocks_whole(tmp_path):
    write(
        tmp_path,
        "paramctl: 1\nname: base\nconfig: {a: 1, b: 2}\nprefixes: [x.]\n"
        "blocks:\n  B:\n    args: {n: 3}\n    modules: {fc: 'Linear(a, n)'}\n"
        "model: B()\ninit: {weight: zeros}\nmatch: {model_type: base}\n",
        "base.yaml",
    )
    path = write(
        tmp_path,
        "paramctl: 1\nname: own\nextends: base.yaml\nconfig: {b: 5}\n"
        "blocks:\n  B:\n    modules: {other: 'Linear(a, b)'}\ninit: {bias: ones}\n",
    )
    spec, net = built(path)
    assert dict(spec.config) == {"a": 1, "b": 5}
    assert shapes_of(net) == {"other.weight": (5, 1), "other.bias": (5,)}
    assert dict(spec.init) == {"weight": "zeros", "bias": "ones"}
    assert (spec.prefixes, spec.match.model_type, spec.name) == (("x.",), (), "own")


def test_a_null_entry_leaves_out_what_the_base_has(tmp_path):
    write(
        tmp_path,
        "paramctl: 1\nconfig: {a: 1}\ninputs: {x: [2, 1], mask: [2]}\n"
        "model: Linear(a, a)\ninit: {weight: zeros, bias: ones}\nties: {bias: weight}\n",
        "base.yaml",
    )
    text = "inputs: {mask: null}\ninit: {bias: null}\nties: {bias: null}\nconfig: {a: null}\n"
    spec = load_spec(write(tmp_path, "paramctl: 1\nextends: base.yaml\n" + text))
    assert set(spec.inputs) == {"x"}
    assert dict(spec.init) == {"weight": "zeros"}
    assert dict(spec.ties) == {}
    assert dict(spec.config) == {"a": None}


def test_schemes_are_computed_from_the_config(tmp_path):
    text = (
        "paramctl: 1\nconfig: {std: 0.5, n: 8}\nmodel: relu\ninit:\n"
        "  weight: normal(std=std / sqrt(2 * n))\n  bias: keras.zeros\n"
        "  x: 'expr: uniform(0, std)'\n"
    )
    assert dict(load_spec(write(tmp_path, text)).init) == {
        "weight": "normal(std=0.125)",
        "bias": "keras.zeros",
        "x": "expr: uniform(0, std)",
    }


def test_a_missing_head_follows_the_file(tmp_path):
    text = (
        "paramctl: 1\nmodel:\n  modules:\n    body: Linear(4, 4)\n"
        "    cls: Linear(4, 2) if present('cls.') else None\n"
        "    pool: Linear(4, 4) if present('pool.') or not present() else None\n"
        "  forward: |\n    y = body(x)\n    return y if cls is None else cls(y)\n"
    )
    path = write(tmp_path, text)
    assert list(built(path)[1].children) == ["body", "cls", "pool"]
    names = {
        "nothing": None,
        "cls": lambda prefix: prefix == "cls.",
        "none": lambda prefix: False,
    }
    kept = {
        name: [child for child, found in built(path, present=answer)[1].children.items() if found]
        for name, answer in names.items()
    }
    assert kept == {"nothing": ["body", "pool"], "cls": ["body", "cls"], "none": ["body"]}


def test_a_depth_follows_the_file(tmp_path):
    """Numbered modules in a row are counted; tensors may ask the file too."""
    text = (
        "paramctl: 1\nmodel:\n  params: {gain: Param(4) if present('gain') else None}\n"
        "  modules:\n    h: Repeat(count_present('h.') if present() else 3, Linear(4, 4))\n"
        "  forward: return h(x)\n"
    )
    path = write(tmp_path, text)
    assert len(built(path)[1].h) == 3
    held = ("h.0.", "h.1.", "h.3.", "gain")
    module = built(path, present=lambda beginning: beginning in held)[1]
    assert (len(module.h), module.gain.shape) == (2, (4,))
    assert built(path)[1].gain is None


def test_inputs_take_defaults_from_each_other(tmp_path):
    text = (
        "paramctl: 1\ninputs:\n  ids: {shape: [batch, seq], dtype: int64, below: 9}\n"
        "  places: {dtype: int64, default: 'arange(ids.shape[-1])'}\n  mask: {default: null}\n"
        "model:\n  inputs: [ids, places, mask]\n"
        "  forward: return ids + places if mask is None else mask\n"
    )
    spec, net = built(write(tmp_path, text))
    assert run(spec, net, ids=[[5, 5, 5]]).array.tolist() == [[5, 6, 7]]
    assert run(spec, net, ids=[[5]], mask=[1.0]).array.tolist() == [1.0]
    assert (spec.inputs["ids"].below, spec.inputs["ids"].shape) == (9, ("batch", "seq"))


def test_repeat_counts_by_i_and_can_share_one_module(tmp_path):
    text = (
        "paramctl: 1\nmodel:\n  - Repeat(3, Linear(i + 1, i + 2))\n"
        "  - Repeat(3, Linear(4, 4), shared=True)\n"
    )
    _, net = built(write(tmp_path, text))
    shapes = shapes_of(net)
    assert [shapes[f"0.{i}.weight"] for i in range(3)] == [(2, 1), (3, 2), (4, 3)]
    assert net[1][0] is net[1][2]
    assert count(net) == 4 + 9 + 16 + 20


def test_a_residual_adds_what_it_was_given(tmp_path):
    spec, net = built(write(tmp_path, "paramctl: 1\nmodel: Residual(Linear(2, 2), relu)"))
    fill(net, lambda name, shape: 1.0 * (name == "0.weight") + 0 * sum(shape) + _zeros(shape))
    assert run(spec, net, x=[[1.0, 2.0]]).array.tolist() == [[4.0, 5.0]]


def _zeros(shape):
    import numpy as np

    return np.zeros(shape)


def test_a_module_may_be_an_argument(tmp_path):
    text = (
        "paramctl: 1\nblocks:\n  Twice:\n    args: {inner: required}\n"
        "    modules: {inner: inner}\n    forward: return inner(inner(x))\n"
        "model: Twice(Linear(3, 3))\n"
    )
    _, net = built(write(tmp_path, text), x=(1, 3))
    assert list(shapes_of(net)) == ["inner.weight", "inner.bias"]


def test_a_tie_of_modules_stands_for_all_their_tensors(tmp_path):
    text = "paramctl: 1\nties: {2: '0'}\nmodel:\n  - Linear(4, 4)\n  - relu\n  - Linear(4, 4)\n"
    _, net = built(write(tmp_path, text))
    assert net.ties() == [["0.weight", "2.weight"], ["0.bias", "2.bias"]]
