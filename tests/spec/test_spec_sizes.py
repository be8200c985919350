"""Sizes that are found later: by an input, by the layer before, or by a checkpoint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spec.spec_runs import built, fixture, shapes_of, write

from paramctl.engine.unknown import Unknown
from paramctl.errors import SpecError
from paramctl.spec.manifest import manifest_of
from paramctl.spec.shapes import infer_shapes, refresh, unknown_sizes
from paramctl.spec.sizes import Deferred, known


def test_every_size_knows_where_it_came_from():
    path = fixture("mlp256")
    _, net = built(path, x=(2, 20))
    assert net["0.weight"].origins == (f"the spec ({path}:5)", "the input x")
    assert net["2.weight"].origins == (f"the spec ({path}:7)", f"the layer before it (1, {path}:6)")


def test_config_names_are_named_as_origins(tmp_path):
    path = write(tmp_path, "paramctl: 1\nconfig: {width: 8}\nmodel: Linear(width, 2 * width)")
    _, net = built(path)
    assert net["weight"].origins == (f"width ({path}:2)", f"width ({path}:2)")
    _, net = built(path, {"width": 3})
    assert net["weight"].origins == ("width (config.json)", "width (config.json)")


def test_sizes_are_learned_from_a_checkpoint():
    spec, net = built(fixture("mlp256"))
    net["0.weight"].settle((256, 20), "the checkpoint")
    refresh(net)
    assert net["0.bias"].init is not None
    assert net["0.weight"].origins[1] == "the checkpoint"
    with pytest.raises(Exception, match="is 20 by the checkpoint, 21 by the input x"):
        infer_shapes(spec, net, {"x": ((2, 21), "float32")})


def test_a_checkpoint_that_says_otherwise_is_refused(tmp_path):
    _, net = built(write(tmp_path, "paramctl: 1\nmodel: Linear(None, 255)"))
    with pytest.raises(Exception, match=r"size of 'out' is 255 by the spec .*, 256 by the checkp"):
        net["weight"].settle((256, 20), "the checkpoint")


def test_a_size_computed_from_an_open_one_follows_it(tmp_path):
    text = (
        "paramctl: 1\nblocks:\n  B:\n    args: {width: null}\n    infer: {width: 'x.shape[-1]'}\n"
        "    modules:\n      up: Linear(width, width * 4)\n      down: Linear(width * 4, width)\n"
        "model: B()\n"
    )
    _, net = built(write(tmp_path, text), x=(2, 3))
    assert shapes_of(net)["down.weight"] == (3, 12)
    _, net = built(
        write(tmp_path, text.replace("    infer: {width: 'x.shape[-1]'}\n", "")), x=(2, 3)
    )
    assert shapes_of(net)["down.weight"] == (3, 12)


def test_a_layer_that_is_never_called_is_reported(tmp_path):
    text = (
        "paramctl: 1\nmodel:\n  modules: {a: 'Linear(None, 2)', b: 'Linear(None, 2)'}\n"
        "  forward: return a(x)\n"
    )
    _, net = built(write(tmp_path, text), x=(2, 3))
    assert [name for name, _ in unknown_sizes(net)] == ["b.weight"]


def test_null_that_is_no_size_is_none(tmp_path):
    text = (
        "paramctl: 1\nblocks:\n  B:\n    args: {window: null, n: null}\n"
        "    modules: {c: 'C(window, n)'}\n  C:\n    args: {window: null, n: null}\n"
        "    params: {w: Param(n)}\n    infer: {n: 'x.shape[-1]'}\n"
        "    forward: return x + w if window is None else x\nmodel: B()\n"
    )
    _, net = built(write(tmp_path, text), x=(2, 3))
    assert shapes_of(net) == {"c.w": (3,)}


def test_one_layer_with_two_widths_shows_both_calls(tmp_path):
    text = (
        "paramctl: 1\ninputs: {a: [b, 3], c: [b, 4]}\nmodel:\n  inputs: [a, c]\n"
        "  modules: {fc: 'Linear(None, 2)'}\n  forward: return fc(a), fc(c)\n"
    )
    spec, net = built(write(tmp_path, text))
    with pytest.raises(SpecError) as caught:
        infer_shapes(spec, net)
    assert caught.value.problem.split("\n")[0] == (
        "fc.weight: in_features is 3 by the input a, 4 by the input c"
    )


@given(st.integers(1, 50), st.integers(1, 9), st.integers(1, 9))
def test_arithmetic_on_an_open_size_is_done_once_it_is_known(value, a, b):
    size = Deferred("n")
    sizes = [size * a + b, a - size, (size + a) // b, -size % b, (size * a) ** 2, b * size / a]
    assert all(isinstance(known(each), Unknown) for each in sizes)
    size.decide(value, "a test")
    assert [known(each) for each in sizes] == [
        value * a + b,
        a - value,
        (value + a) // b,
        -value % b,
        (value * a) ** 2,
        b * value / a,
    ]


def test_the_manifest_of_a_model_has_open_sizes_and_aliases():
    _, net = built(fixture("mlp256"))
    assert manifest_of(net)["0.weight"].shape == (256, None)
    _, net = built(fixture("tied-mlp"))
    entry = manifest_of(net)["4.weight"]
    assert (entry.tied_to, entry.module_type) == ("2.weight", "Linear")


def test_constants_outside_the_file_are_not_in_the_manifest():
    _, net = built(fixture("fancy"))
    assert manifest_of(net).names == ["linear.weight", "linear.bias"]


def test_a_tied_parameter_is_stored_under_its_canonical_name(tmp_path):
    text = "paramctl: 1\nties: {0.weight: 1.weight}\nmodel:\n  - Linear(4, 4)\n  - Linear(4, 4)\n"
    manifest = manifest_of(built(write(tmp_path, text))[1])
    assert [entry.name for entry in manifest.stored] == ["0.bias", "1.weight", "1.bias"]
    assert manifest["0.weight"].tied_to == "1.weight"
