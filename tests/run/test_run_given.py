"""What --input can say, and what is said when it can't be read."""

import numpy as np
import pytest

from paramctl.errors import UsageError
from paramctl.run.arrays import read_array
from paramctl.run.given import Given, parse_given, parse_inputs, parse_shape


@pytest.mark.parametrize("name", ["text.npy", "config.json"])
def test_what_is_no_npy_file_is_told_without_numpys_advice(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(UsageError) as caught:
        read_array(tmp_path / name, "x")
    assert caught.value.problem == "it can't be read as a .npy file"
    with pytest.raises(UsageError) as caught:
        read_array(tmp_path / "nothing", "x")
    assert str(caught.value) == f"no such file: {tmp_path / 'nothing'}"


def test_a_shape_means_random_values():
    assert parse_given("x", "2x20") == Given("random", (2, 20))
    assert parse_given("x", "random:3") == Given("random", (3,))


def test_ones_and_zeros_take_a_shape():
    assert parse_given("x", "ones:2x20") == Given("ones", (2, 20))
    assert parse_given("x", "zeros:4") == Given("zeros", (4,))


def test_numbers_stand_in_brackets():
    assert parse_given("x", "[1, 2.5, [true]]") == Given("values", values=[1, 2.5, [True]])


def test_a_file_is_a_path_that_exists(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.ones(3))
    assert parse_given("x", str(path)) == Given("file", path=path)


def test_inputs_are_told_apart_by_name():
    assert list(parse_inputs(["a=2x2", "b=ones:3"])) == ["a", "b"]


@pytest.mark.parametrize(
    ("texts", "problem", "hint"),
    [
        (
            ["2x20"],
            "--input 2x20 names no input",
            "write NAME=FILE.npy, NAME=2x20, NAME=ones:2x20 or NAME=[1,2,3]",
        ),
        (["x=2x2", "x=2x2"], "the input 'x' is given twice", ""),
        (["x=2,20"], "--input x: '2,20' is no shape", "write 2x20"),
        (["x=(2, 20)"], "--input x: '(2, 20)' is no shape", "write 2x20"),
        (["x=ones:2,2"], "'2,2' is no shape", "write sizes with an x, as in 2x20"),
        (["x=[1,"], "--input x: '[1,' is no list of numbers", "write [1,2,3] or [[1],[2]]"),
        (['x=["a"]'], '--input x: "a" is no number', "write [1,2,3]"),
        (["x=one:2x2"], "--input x: no such file: one:2x2", "did you mean ones?"),
        (
            ["x=missing.npy"],
            "--input x: no such file: missing.npy",
            "write NAME=FILE.npy, NAME=2x20, NAME=ones:2x20 or NAME=[1,2,3]",
        ),
    ],
)
def test_what_can_not_be_read_is_told_with_the_way_to_write_it(texts, problem, hint):
    with pytest.raises(UsageError) as refused:
        parse_inputs(texts)
    assert (str(refused.value), refused.value.hint) == (problem, hint)


def test_a_shape_that_nothing_could_hold_is_refused():
    with pytest.raises(UsageError, match="too large for an input"):
        parse_shape("99999999999x99999999999")
    with pytest.raises(UsageError, match="too large for an input"):
        parse_shape("9" * 30)


def test_a_file_that_is_no_array_is_refused(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(b"hello")
    with pytest.raises(UsageError, match=r"read as a \.npy file"):
        read_array(path, "x")


def test_pickled_objects_are_never_loaded(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(UsageError, match=r"read as a \.npy file"):
        read_array(path, "x")


def test_a_foreign_byte_order_is_turned(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([1, 2], dtype=">i4"))
    array = read_array(path, "x")
    assert array.dtype.isnative
    assert array.tolist() == [1, 2]


def test_a_checkpoint_gives_the_tensor_of_the_inputs_name(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "x.safetensors"
    save_file({"x": np.ones(2), "y": np.zeros(2)}, path)
    assert read_array(path, "y").tolist() == [0, 0]
    with pytest.raises(UsageError) as refused:
        read_array(path, "z")
    assert str(refused.value) == f"{path}: it holds 2 tensors, none named 'z'"
