"""Arrays saved to a file, read by the safetensors library."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from paramctl.errors import UsageError
from paramctl.run.held import HeldArray
from paramctl.run.save import destination, save


def test_what_is_saved_is_what_the_library_reads(tmp_path):
    arrays = {
        "y": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "scalar": np.float64(3),
        "counts": np.arange(3),
        "empty": np.ones((0, 2), np.float32),
        "flags": np.array([True, False]),
    }
    path = tmp_path / "out.safetensors"
    save(destination(path, []), arrays)
    found = load_file(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_nothing_is_overwritten_without_force(tmp_path):
    path = tmp_path / "out.safetensors"
    save(destination(path, []), {"x": np.ones(1)})
    with pytest.raises(UsageError, match="it exists already"):
        destination(path, [])
    save(destination(path, [], force=True), {"x": np.zeros(1)})
    assert load_file(path)["x"].tolist() == [0]


def test_an_input_is_not_replaced_even_with_force(tmp_path):
    path = tmp_path / "x.safetensors"
    save(destination(path, []), {"x": np.ones(1)})
    with pytest.raises(UsageError, match="it is an input"):
        destination(path, [path], force=True)


def test_another_ending_is_refused_with_the_right_one(tmp_path):
    with pytest.raises(UsageError) as refused:
        destination(tmp_path / "out.npy", [])
    assert refused.value.hint == f"write {tmp_path / 'out.safetensors'}"


def test_figures_of_an_array_are_those_of_a_tensor():
    held = HeldArray("y", np.array([[1.0, np.nan], [-3.0, np.inf]], np.float32))
    figures = held.figures
    assert (figures.nan, figures.inf, figures.minimum, figures.maximum) == (1, 1, -3, np.inf)


def test_the_digest_of_an_array_does_not_know_its_strides():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert HeldArray("a", array.T).digest == HeldArray("b", array.T.copy()).digest
    assert HeldArray("a", array.T).digest != HeldArray("a", array).digest


def test_complex_numbers_are_kept_as_the_format_has_them():
    held = HeldArray("z", np.array([1 + 2j]))
    assert held.entry.dtype == "C64"
