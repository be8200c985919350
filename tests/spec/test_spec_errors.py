"""Mistakes in specs: each says what was found, what was expected, and where."""

import pytest
from spec.spec_runs import built, run, write

from paramctl.errors import ParamctlError, SpecError, UsageError
from paramctl.spec.shapes import require_known

HEAD = "paramctl: 1\n"


def mistake(folder, text, **shapes):
    with pytest.raises(ParamctlError) as caught:
        built(write(folder, HEAD + text), **shapes)
    return caught.value


def first_line(error):
    return error.problem.split("\n")[0]


PROBLEMS = {
    "modle: relu": ("a spec has no 'modle'", "did you mean model?"),
    "name: x": ("a spec needs a model", "model: …"),
    "model: Linear(4)": (
        "Linear needs 'out_features'",
        "Linear(in_features=None, out_features, bias=True, fused=1, turns=1)",
    ),
    "model: Linear(4, 5, True, 1, 1, 7)": (
        "Linear takes 5 arguments, found 6",
        "Linear(in_features=None, out_features, bias=True, fused=1, turns=1)",
    ),
    "model: Linear(4, out_feature=5)": (
        "Linear has no argument 'out_feature'",
        "did you mean out_features?",
    ),
    "model: Linear(4, 5, in_features=4)": (
        "'in_features' is given twice",
        "Linear(in_features=None, out_features, bias=True, fused=1, turns=1)",
    ),
    "model: Sequential(Linear(4, 4), 3)": ("a layer is expected here, found 3 (int)", ""),
    "model: Sequential(relu(x))": (
        "relu can't be computed here",
        "as a layer it stands as relu, without ()",
    ),
    "model: Linear(4, 4) + 1": ("+ is not for the layer Linear and 1 (int)", ""),
    "model: Repeat(2)": ("Repeat takes a count and a layer", "Repeat(4, Block(i))"),
    "model: Repeat(2, relu, name='x')": ("name is a text with {i} in it", 'name="block {i}"'),
    "model: Parallel(relu, tanh, merge='mix')": ("merge is one of concat, add, none", ""),
    "model: None": ("the model is None", ""),
    "model: Linear": ("a layer is expected here, found the layer Linear", "call it: Linear(…)"),
    "model: nn.Linear(3, 4)": ("'nn' is not known here", "did you mean Linear?"),
    "config: {a: = b, b: = a}\nmodel: relu": ("these defaults need each other: a → b → a", ""),
    "config: {a: = c + 1}\nmodel: relu": ("'c' is not known here", ""),
    "config: {width: 8}\nmodel: Linear(widht, 4)": (
        "'widht' is not known here",
        "did you mean width?",
    ),
    "config: {a: {default: 1, form: a}}\nmodel: relu": (
        "config.a has no 'form'",
        "did you mean from?",
    ),
    "config: {a-b: 1}\nmodel: relu": ("'a-b' can't be used as a name", "letters, digits and _"),
    "extends: lama\nmodel: relu": ("no built-in family named 'lama'", "did you mean llama?"),
    "inputs: {x: {shape: [2], dtype: floot}}\nmodel: relu": ("no dtype named 'floot'", None),
    "inputs: {x: {shape: 3}}\nmodel: relu": ("a shape is a list, such as [batch, 20]", ""),
    "ties: {0.weight: 1.wieght}\nmodel:\n  - Linear(4, 4)\n  - Linear(4, 4)": (
        "the model has no '1.wieght'",
        "did you mean 1.weight?",
    ),
    "ties: {0.weight: 1.weight}\nmodel:\n  - Linear(4, 4)\n  - Linear(4, 5)": (
        "0.weight is [4, 4], 1.weight is [5, 4]",
        "",
    ),
    "ties: {0: 1.weight}\nmodel:\n  - Linear(4, 4)\n  - Linear(4, 4)": (
        "0 and 1.weight are not both tensors or both modules",
        "",
    ),
    "init: {bias: 3 + 4}\nmodel: relu": (
        "a scheme is a name, with options as in a call",
        "normal(std=0.02)",
    ),
    "model:\n  forward: >\n    return x": (
        "lines of a forward would be joined here",
        "write them after |",
    ),
    "model:\n  args: {a: 1}\n  forward: return x": (
        "a block has no 'args'",
        "did you mean params?",
    ),
    "model:\n  params: {w: Parm(3)}\n  forward: return x": (
        "no function named 'Parm'",
        "did you mean Param?",
    ),
    "model:\n  params: {w: \"Param(3, axes='in out')\"}\n  forward: return x": (
        "axes names 1 roles, one per size, found the text 'in out'",
        "",
    ),
    'model:\n  params: {w: "Param(3, shape=2)"}\n  forward: return x': (
        "Param has no option 'shape'",
        None,
    ),
    "model:\n  params: {w: 3}\n  forward: return x": (
        "a tensor is Param(…), Buffer(…), Constant(…) or None",
        "",
    ),
    "model:\n  params: {w: Param(3)}": ("a block with tensors needs a forward", ""),
    "model:\n  params: {w: Param(3)}\n  modules: {w: relu}\n  forward: return x": (
        "'w' is a tensor and a child",
        "",
    ),
    "model:\n  modules: {a: relu}\n  forward: |\n    a = x\n    return a": (
        "'a' is a child of this block",
        "assign to another name",
    ),
    "model:\n  modules: {x: relu}\n  inputs: x\n  forward: return x": (
        "'x' is an input and a child or tensor",
        "",
    ),
    "blocks:\n  A:\n    modules: {a: A()}\nmodel: A()": ("the block A stands inside itself", ""),
    "blocks:\n  A:\n    modules: {b: B()}\n  B:\n    modules: {a: A()}\nmodel: A()": (
        "the block A stands inside itself",
        "",
    ),
    "blocks:\n  A:\n    infer: {n: x.ndim}\nmodel: A()": (
        "infer finds 'n', which is no argument",
        "",
    ),
    "model: " + "[" * 55 + "relu" + "]" * 55: ("modules nested more than 48 deep", ""),
}


@pytest.mark.parametrize("text", PROBLEMS, ids=range(len(PROBLEMS)))
def test_a_mistake_is_said_with_its_place_and_a_hint(text, tmp_path):
    error = mistake(tmp_path, text)
    problem, hint = PROBLEMS[text]
    assert isinstance(error, SpecError)
    assert first_line(error) == problem
    assert hint is None or error.hint == hint
    assert error.where.startswith(str(tmp_path / "net.yaml"))


FORWARDS = {
    "return relux(x)": ("no function named 'relux'", "did you mean relu?"),
    "return lin(x)": ("no function named 'lin'", None),
    "return fc.wieght": ("fc (Linear) has no child or parameter 'wieght'", "did you mean weight?"),
    "return fc(x, x)": ("Linear takes 1 input (x), found 2 inputs", ""),
    "return fc()": ("Linear needs the input 'x'", ""),
    "return fc(x=x)": ("fc (Linear) takes its inputs by position", ""),
    "return x.mean()": ("a tensor has no 'mean'", "write mean(…)"),
    "return F.relu(x)": ("'F' is not known here", "did you mean relu?"),
    "return softmax(x": ("'(' was never closed", "close it with )"),
    "return x.T": ("a tensor has no 'T'", "it has shape, ndim, dtype"),
    "if x:\n      x = 2 * x\n    return x": (
        "a tensor [2, 4] is neither true nor false",
        "use where(…)",
    ),
    "return softmax(x, 3)": ("no axis 3 in a tensor of rank 2", ""),
    "return fc.__class__": ("'__class__' can't be reached", None),
    "return __import__('os')": ("'__import__' can't be reached", None),
}


@pytest.mark.parametrize("text", FORWARDS, ids=range(len(FORWARDS)))
def test_a_mistake_in_a_forward_is_placed(text, tmp_path):
    error = mistake(
        tmp_path, f"model:\n  modules: {{fc: 'Linear(4, 4)'}}\n  forward: |\n    {text}", x=(2, 4)
    )
    problem, hint = FORWARDS[text]
    assert first_line(error) == problem
    assert hint is None or error.hint == hint


def test_a_config_value_that_is_no_function_is_told_with_its_name(tmp_path):
    text = "config: {act: laplace}\nmodel:\n  forward: return act(x)"
    error = mistake(tmp_path, text, x=(2, 4))
    assert first_line(error) == "act is 'laplace', which is no function"
    assert error.hint == "`paramctl spec language` lists them"


def test_a_contradiction_shows_both_sides(tmp_path):
    text = "model:\n  - Linear(20, 128)\n  - relu\n  - Linear(256, 10)\n"
    error = mistake(tmp_path, text, x=(2, 20))
    path = tmp_path / "net.yaml"
    assert str(error) == (
        f"{path}:5:5: 2.weight: in_features is 256 by the spec ({path}:5), 128 by the layer "
        f"before it (1, {path}:4)\n"
        "     5 |   - Linear(256, 10)\n"
        "       |     ^^^^^^^^^^^^^^^\n"
        "  in 2 (Linear) called with [2, 128] float32\n"
        "  in the model (Sequential) called with [2, 20] float32"
    )
    assert error.exit_code == 3


def test_an_input_that_does_not_fit_is_wrong_usage(tmp_path):
    error = mistake(tmp_path, "model:\n  - Linear(20, 128)\n  - Linear(128, 10)\n", x=(2, 21))
    assert isinstance(error, UsageError)
    assert error.exit_code == 2
    assert first_line(error) == (
        f"0.weight: in_features is 20 by the spec ({tmp_path / 'net.yaml'}:3), 21 by the input x"
    )


def test_a_mistake_that_comes_with_inputs_of_any_size_is_the_specs(tmp_path):
    """Even where sizes must be numbers before it is reached."""
    text = (
        "config: {scaling: {default: null, from: scaling}}\ninputs: {x: [t, n]}\n"
        "model:\n  forward: |\n    y = x if x.shape[0] > 1 else 2 * x\n"
        "    return rope(y, scaling=scaling)\n"
    )
    with pytest.raises(SpecError) as caught:
        built(write(tmp_path, HEAD + text), {"scaling": {"type": "foo"}}, x=(3, 4))
    assert first_line(caught.value) == "rope scaling 'foo' is not known"


def test_an_input_is_compared_with_its_declaration(tmp_path):
    error = mistake(tmp_path, "inputs: {x: [batch, 4]}\nmodel: Linear(4, 4)", x=(2, 5))
    path = tmp_path / "net.yaml"
    assert str(error) == f"the input 'x' is [batch, 4] by the spec ({path}:2), found [2, 5]"


def test_an_unknown_input_is_refused_with_near_names(tmp_path):
    error = mistake(tmp_path, "inputs: {pixels: [4]}\nmodel: relu", pixel=(4,))
    assert str(error) == "the model has no input 'pixel'"
    assert error.hint == "did you mean pixels?"


def test_repeated_layers_are_one_line_in_the_calls_around_an_error(tmp_path):
    text = (
        "blocks:\n  MLP:\n    modules:\n      up: Linear(32, 88)\n      down: Linear(80, 32)\n"
        "    forward: return down(relu(up(x)))\n"
        "model:\n  modules:\n    layers: Repeat(3, MLP())\n  forward: return layers(x)\n"
    )
    error = mistake(tmp_path, text, x=(1, 5, 32))
    path = tmp_path / "net.yaml"
    assert str(error).split("\n") == [
        f"{path}:7:21: layers.0.down.weight: in_features is 80 by the spec ({path}:6), "
        "88 by its input [1, 5, 88] float32",
        "     7 |     forward: return down(relu(up(x)))",
        "       |                     ^^^^^^^^^^^^^^^^^",
        "  in layers.0.down (Linear) called with [1, 5, 88] float32",
        "  in layers.0 (MLP) called with [1, 5, 32] float32",
        "  in layers (Sequential) called with [1, 5, 32] float32",
        "  in the model (net) called with [1, 5, 32] float32",
    ]


def test_an_unknown_size_can_not_choose_a_branch(tmp_path):
    text = (
        "blocks:\n  B:\n    args: {cin: null, cout: required}\n    modules:\n"
        "      s: Linear(cin, cout) if cin != cout else None\nmodel: B(cout=3)\n"
    )
    error = mistake(tmp_path, text)
    assert first_line(error) == "cin is not known yet, so it can't be compared"
    assert error.hint == "give cin to B, or the shape of the input"


def test_values_that_do_not_exist_yet_are_asked_for_by_name(tmp_path):
    _, net = built(write(tmp_path, HEAD + "model: Linear(None, 4)"))
    with pytest.raises(UsageError) as caught:
        require_known(net)
    assert str(caught.value) == "weight [4, ?]: in_features is not known yet"
    assert caught.value.hint == "give in_features to Linear, or the shape of the input"


def test_an_endless_loop_is_stopped(tmp_path):
    text = "model:\n  forward: |\n    while sum(x) > 0:\n      x = x + 1\n    return x\n"
    spec, net = built(write(tmp_path, HEAD + text), x=(2,))
    with pytest.raises(SpecError) as caught:
        run(spec, net, x=[1.0, 1.0])
    assert first_line(caught.value) == "still true after 1,000 rounds"


def test_a_loop_that_changes_shapes_is_refused_before_it_runs(tmp_path):
    text = "model:\n  forward: |\n    while sum(x) > 9:\n      x = concat(x, x)\n    return x\n"
    error = mistake(tmp_path, text, x=(2,))
    assert first_line(error) == "'x' changes from x [2] float32 to [4] float32 in the loop"


def test_a_list_of_layers_where_one_belongs_says_how_to_chain_them(tmp_path):
    text = "model:\n  modules:\n    net:\n      - Linear(4, 5)\n      - relu\n  forward: return 1\n"
    error = mistake(tmp_path, text)
    assert first_line(error) == "modules.net has to be a text, not a list"
    assert error.hint == "layers in a row are Sequential(A, B)"
