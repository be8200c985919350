"""Explanations that take more than one tensor: copies of others, joined and split ones."""

import numpy as np
import pytest
from memory_source import MemorySource

from paramctl.diff.diff import diff
from paramctl.manifest import Manifest

RANDOM = np.random.default_rng(0)
Q, K, V = (RANDOM.standard_normal((size, 6)).astype(np.float32) for size in (4, 2, 2))
LAYERS = [RANDOM.standard_normal((4, 6)).astype(np.float32) for _ in range(8)]


class Model(MemorySource):
    def __init__(self, arrays):
        super().__init__()
        for name, array in arrays.items():
            array = np.asarray(array)
            self.raw(name, {"f": "F32", "i": "I64"}[array.dtype.kind], array.shape, array.tobytes())

    @property
    def manifest(self):
        return Manifest(self.entries.values())


def told(a, b):
    found = diff(Model(a), Model(b), explained=True)
    return {change.name: change.explanation for change in found.changes}


def test_swapped_layers_are_what_the_other_was():
    a = {"h.0.w": LAYERS[0], "h.1.w": LAYERS[1]}
    assert told(a, {"h.0.w": LAYERS[1], "h.1.w": LAYERS[0]}) == {
        "h.0.w": "what h.1 was", "h.1.w": "what h.0 was",
    }  # fmt: skip


def test_a_repeated_layer_is_what_the_one_with_the_nearest_name_was():
    a = {"h.0.w": LAYERS[0], "x.w": LAYERS[0]}
    assert told(a, {**a, "x.1.w": LAYERS[0], "h.1.w": LAYERS[0]}) == {
        "h.1.w": "what h.0 was", "x.1.w": "what h.0.w was",
    }  # fmt: skip


def test_what_became_constant_is_no_copy():
    a = {"w": LAYERS[0], "zero": np.zeros_like(LAYERS[0])}
    assert told(a, {**a, "w": np.zeros_like(LAYERS[0])}) == {"w": "now all zero"}


@pytest.mark.parametrize("whole", [np.concatenate([Q, K, V]), np.concatenate([K, V, Q])])
def test_parts_behind_each_other_make_a_fused_tensor_and_the_reverse(whole):
    split = {f"h.0.{name}_proj.w": part for name, part in zip("qkv", (Q, K, V), strict=True)}
    fused = {"h.0.qkv_proj.w": whole}
    order = "q_proj, k_proj, v_proj" if (whole[0] == Q[0]).all() else "k_proj, v_proj, q_proj"
    parts = dict.fromkeys(split, "part of qkv_proj")
    assert told(split, fused) == {"h.0.qkv_proj.w": f"made of {order}", **parts}
    assert told(fused, split) == {"h.0.qkv_proj.w": f"split into {order}", **parts}


def test_layers_may_be_stacked_under_a_new_axis():
    apart = {f"h.{number}.w": layer for number, layer in enumerate(LAYERS)}
    found = told(apart, {"h.w": np.stack(LAYERS)})
    assert found == {"h.w": "made of 0..7", **dict.fromkeys(apart, "part of h.w")}


def test_parts_with_the_same_bytes_go_where_their_names_say():
    ones = np.ones(8, np.float32)
    apart = {f"h.{number}.{name}.w": ones for number in range(3) for name in ("in", "out")}
    whole = {f"h.{name}.w": np.stack([ones] * 3) for name in ("in", "out")}
    found = told(apart, whole)
    assert {found[name] for name in whole} == {"made of 0..2"}


def test_many_parts_are_not_all_told():
    apart = {f"w{number}": layer for number, layer in enumerate(LAYERS)}
    found = told(apart, {"all": np.concatenate(LAYERS)})
    assert found["all"] == "made of w0, w1, w2, w3, w4, w5, … (8 of them)"


def test_what_only_begins_alike_is_not_made_of_it():
    almost = np.concatenate([Q, K, V + 1])
    assert set(told({"q": Q, "k": K, "v": V}, {"qkv": almost}).values()) == {""}
