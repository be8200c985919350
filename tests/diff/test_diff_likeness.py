"""Renamed tensors whose values changed too."""

import numpy as np
import pytest
from command import expect
from memory_source import MemorySource
from safetensors.numpy import save_file

from paramctl.diff.likeness import find_alike, find_company


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def alike(old, new):
    a, b = MemorySource(**old), MemorySource(**new)
    return find_alike(a, list(a.entries.values()), b, list(b.entries.values()))


def nearly(array, seed, amount=0.1):
    return (array + amount * array.std() * drawn(seed, *array.shape)).astype(array.dtype)


def test_fine_tuned_tensors_find_their_other_names():
    """Layers of one shape are told apart by what they hold."""
    old = {f"layers.{n}.w": drawn(n, 16, 16) for n in range(8)}
    new = {f"h.{n}.w": nearly(old[f"layers.{n}.w"], 100 + n) for n in range(8)}
    assert alike(old, new) == {f"layers.{n}.w": f"h.{n}.w" for n in range(8)}


def test_tensors_that_have_nothing_to_do_with_each_other_stay_apart():
    old = {f"a{n}": drawn(n, 64, 64) for n in range(8)}
    new = {f"b{n}": drawn(50 + n, 64, 64) for n in range(8)}
    assert alike(old, new) == {}


def test_a_common_mean_does_not_make_norms_alike():
    """Two norms around 1 point nearly the same way, their departures from 1 do not."""
    old = {f"a{n}": 1 + 0.01 * drawn(n, 256) for n in range(4)}
    assert alike(old, {f"b{n}": 1 + 0.01 * drawn(9 + n, 256) for n in range(4)}) == {}
    assert alike(old, {"b": nearly(old["a2"] - 1, 7) + 1}) == {"a2": "b"}


def test_another_dtype_is_no_hindrance():
    array = drawn(1, 32, 32)
    assert alike({"a": array}, {"b": array.astype(np.float16)}) == {"a": "b"}


def test_of_equally_alike_tensors_the_one_with_the_nearer_name_is_taken():
    array = drawn(1, 32, 32)
    old = {"model.x.weight": array, "model.y.weight": array}
    new = {"net.y.weight": nearly(array, 2, 1e-4), "net.x.weight": nearly(array, 3, 1e-4)}
    assert alike(old, new) == {"model.x.weight": "net.x.weight", "model.y.weight": "net.y.weight"}


@pytest.mark.parametrize("array", [np.ones(256, np.float32), drawn(0, 8), np.full(99, np.nan)])
def test_values_that_tell_nothing_make_nothing_alike(array):
    assert alike({"a": array}, {"b": array}) == {}


@pytest.mark.parametrize("dtype", ["BOOL", "I64", "U8", "F8_E4M3", "F4", "C64"])
def test_any_dtype_that_can_be_decoded_is_sampled(dtype):
    from paramctl.dtypes import DTYPES

    data = np.random.default_rng(3).integers(0, 2, 1024 * DTYPES[dtype].bits // 8, np.uint8)
    a = MemorySource().raw("a", dtype, (1024,), data.tobytes())
    b = MemorySource().raw("b", dtype, (1024,), data.tobytes())
    found = find_alike(a, [a["a"]], b, [b["b"]])
    assert found == {"a": "b"} or dtype in ("C64", "F4")


def test_what_stands_beside_a_found_tensor_goes_with_it():
    old = MemorySource(**{"l.0.w": drawn(0, 2, 2), "l.0.b": drawn(1, 2), "l.1.b": drawn(2, 2)})
    new = MemorySource(**{"h.0.w": drawn(0, 2, 2), "h.0.b": drawn(3, 2), "h.1.b": drawn(4, 3)})
    found = find_company({"l.0.w": "h.0.w"}, list(old.entries.values()), list(new.entries.values()))
    assert found == {"l.0.b": "h.0.b"}


@pytest.fixture
def models(tmp_path):
    before = {f"layers.{n}.{name}": drawn(7 * n, *shape) for n in range(3)
              for name, shape in {"w": (16, 16), "b": (16,), "kept": (8, 8)}.items()}  # fmt: skip
    after = {
        name.replace("layers", "h"): array if "kept" in name else nearly(array, 5)
        for name, array in before.items()
    }
    save_file(before, tmp_path / "a.safetensors")
    save_file(after, tmp_path / "b.safetensors")
    return tmp_path / "a.safetensors", tmp_path / "b.safetensors"


def test_a_renamed_fine_tune_is_compared_tensor_by_tensor(models):
    report = expect(1, "diff", *models, "--json").json
    assert report["summary"] == {"changed": 6, "renamed": 3}
    assert report["compared"] == 9
    for change in report["tensors"]:
        assert change["to"] == change["name"].replace("layers", "h")
        assert ("rel_l2" in change) == (change["status"] == "changed")


def test_nothing_is_looked_for_when_that_is_not_wanted(models):
    report = expect(1, "diff", *models, "--json", "--no-find-renames").json
    assert report["summary"] == {"added": 9, "removed": 9}
    assert report["compared"] == 18


def test_gates_know_both_names_of_a_renamed_tensor(models):
    expect(0, "diff", *models, "--allow", "layers", "--must-change", "h.*.w")
    expect(0, "diff", *models, "--allow", "h")
    expect(1, "diff", *models, "--allow", "h", "--must-change", "kept")


def test_the_same_numbers_under_another_name_are_renamed_by_value(tmp_path):
    array = drawn(1, 16, 16)
    array[0] = 0.0
    save_file({"a": array}, tmp_path / "a.safetensors")
    array[0] = -0.0
    save_file({"b": array}, tmp_path / "b.safetensors")
    models = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    bits, value = (
        expect(1, "diff", *models, "--json", "--mode", mode).json for mode in ("bits", "value")
    )
    assert bits["summary"] == {"changed": 1}
    assert value["summary"] == {"renamed": 1}
