"""Two checkpoints of one model whose tensors lie differently, compared by a recipe."""

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

from paramctl.diff.laid import Laid
from paramctl.edit import transpose
from paramctl.edit.plan import plan
from paramctl.edit.steps import STEPS
from paramctl.sources.open import open_source

RNG = np.random.default_rng(5)
RECIPE = """
steps:
  - split: {select: "**", layout: conv1d, names: "c_attn=q,k,v"}
  - split: {select: "**", layout: gate-up}
  - fuse: {select: "**", layout: experts}
  - transpose: {select: ["{q,k,v}.weight", c_proj.weight]}
  - rename: {rule: ["h.{n}=layers.{n}"]}
"""


def drawn(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def two_layouts():
    """The same numbers as one library stores them, and as another does."""
    a, b = {}, {}
    for n in range(2):
        q, k, v = (drawn(8, 8) for _ in range(3))
        bias = drawn(24)
        gate, up, down = drawn(12, 8), drawn(12, 8), drawn(12, 8)
        experts = [drawn(3, 5) for _ in range(4)]
        a[f"h.{n}.c_attn.weight"] = np.concatenate([q.T, k.T, v.T], axis=1)
        a[f"h.{n}.c_attn.bias"] = bias
        a[f"h.{n}.gate_up_proj.weight"] = np.concatenate([gate, up])
        a[f"h.{n}.c_proj.weight"] = down
        a |= {f"h.{n}.experts.{k}.w": w for k, w in enumerate(experts)}
        for name, weight, part in zip("qkv", (q, k, v), np.split(bias, 3), strict=True):
            b[f"layers.{n}.{name}.weight"] = weight
            b[f"layers.{n}.{name}.bias"] = part
        b[f"layers.{n}.gate_proj.weight"] = gate
        b[f"layers.{n}.up_proj.weight"] = up
        b[f"layers.{n}.c_proj.weight"] = down.T
        b[f"layers.{n}.experts.w"] = np.stack(experts)
    return a, {name: np.array(array, order="C") for name, array in b.items()}


@pytest.fixture
def models(tmp_path):
    a, b = two_layouts()
    save_file(
        {name: np.array(array, order="C") for name, array in a.items()}, tmp_path / "a.safetensors"
    )
    save_file(b, tmp_path / "b.safetensors")
    (tmp_path / "map.yaml").write_text(RECIPE)
    return tmp_path


def test_split_fused_stacked_and_transposed_tensors_are_equal_by_a_recipe(models):
    arguments = ("diff", models / "a.safetensors", models / "b.safetensors")
    assert expect(0, *arguments, "--map", models / "map.yaml").out == ""
    assert expect(1, *arguments).out != ""


def test_a_change_is_told_by_its_name_in_the_other_layout(models):
    _, b = two_layouts()
    with open_source(models / "b.safetensors") as source:
        b = {entry.name: source.array(entry.name) for entry in source.manifest}
    b["layers.1.k.weight"][2, 3] += 1
    save_file(b, models / "c.safetensors")
    arguments = ("diff", models / "a.safetensors", models / "c.safetensors")
    report = expect(1, *arguments, "--map", models / "map.yaml", "--json").json
    (change,) = report["tensors"]
    assert (change["name"], change["status"]) == ("layers.1.k.weight", "changed")
    assert (change["differing"], report["compared"]) == (1, 20)


def test_the_recipe_that_made_a_checkpoint_proves_it(models):
    made = models / "made.safetensors"
    expect(0, "apply", models / "map.yaml", models / "a.safetensors", "-o", made, "-q")
    expect(0, "diff", models / "a.safetensors", made, "--map", models / "map.yaml")
    expect(0, "diff", models / "b.safetensors", made)


def test_a_recipe_that_does_not_fit_says_where(models):
    (models / "map.yaml").write_text("steps:\n  - transpose: {select: nothing}\n")
    model = models / "a.safetensors"
    result = expect(2, "diff", model, model, "--map", models / "map.yaml")
    assert result.err == (
        f"paramctl: {models}/map.yaml:2:5: 'nothing' selects none of 16 tensors\n"
        "hint: run `paramctl ls` for the names\n"
    )


@pytest.mark.parametrize("stretch", [1 << 26, 64])
@pytest.mark.parametrize("shape", [(3, 5), (4, 3, 5), (0, 4), (3, 0), (2, 2, 1, 7), (16, 16)])
def test_matrices_are_transposed_at_once_or_some_columns_at_a_time(
    tmp_path, monkeypatch, shape, stretch
):
    monkeypatch.setattr(transpose, "_STRETCH", stretch)
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    save_file({"w": array}, tmp_path / "a.safetensors")
    arguments = ("transpose", tmp_path / "a.safetensors", "w", "-o", tmp_path / "b.safetensors")
    expect(0, *arguments, "-q")
    with open_source(tmp_path / "b.safetensors") as source:
        assert np.array_equal(source.array("w"), np.swapaxes(array, -1, -2))


def test_what_has_no_two_axes_or_no_whole_bytes_is_not_transposed(models):
    model = models / "a.safetensors"
    result = expect(2, "transpose", model, "h.0.c_attn.bias", "-o", models / "x")
    assert result.err == "paramctl: h.0.c_attn.bias: a tensor of rank 1 can't be transposed\n"


def test_a_computed_tensor_may_be_read_in_any_order(tmp_path, monkeypatch):
    from paramctl.diff import laid

    monkeypatch.setattr(laid, "BLOCK", 8)
    monkeypatch.setattr(laid, "_KEPT", 2)
    array = np.arange(35, dtype=np.float32).reshape(5, 7)
    save_file({"w": array}, tmp_path / "a.safetensors")
    wanted = np.array(array.T, order="C").tobytes()
    with open_source(tmp_path / "a.safetensors") as source:
        whole = Laid(plan(source, [STEPS["transpose"](["w"])]))
        for start, stop in ((100, 140), (0, 140), (60, 61), (3, 99), (0, 8), (139, 140)):
            buffer = bytearray(stop - start)
            whole.read_into("w", buffer, start)
            assert bytes(buffer) == wanted[start:stop]


def test_a_map_of_names_is_no_recipe(tmp_path):
    names = tmp_path / "names.yaml"
    names.write_text("steps: layers\n")
    from paramctl.diff.laid import is_recipe

    assert not is_recipe(names)
    assert not is_recipe(tmp_path / "missing.yaml")
