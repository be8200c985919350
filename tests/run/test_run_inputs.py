"""Inputs made and checked against what a spec declares."""

import ml_dtypes
import numpy as np
import pytest

from paramctl.errors import UsageError
from paramctl.expression.place import Place
from paramctl.init.stream import Stream
from paramctl.run.given import parse_inputs
from paramctl.run.inputs import Inputs
from paramctl.spec.inputs import InputDeclaration

IDS = InputDeclaration("input_ids", Place(), ("batch", "seq"), "int64", 100)
MASK = InputDeclaration("mask", Place(), ("batch", "seq"), "int64", 2, default=None)
IMAGE = InputDeclaration("image", Place(), ("batch", 3, 8, 8))
BOTH = {"input_ids": IDS, "mask": MASK}


def made(declared, *texts, names=None, **options):
    inputs = Inputs(declared, parse_inputs(list(texts)), **options)
    return inputs.arrays(names or list(declared) or ["x"])


def refusal(declared, *texts, **options):
    with pytest.raises(UsageError) as refused:
        made(declared, *texts, **options)
    return str(refused.value), refused.value.hint


def test_random_values_come_from_the_stream_of_the_inputs_name():
    found = made({}, "x=2x3", seed=7)["x"]
    np.testing.assert_array_equal(found, Stream(7, "input:x").normal(0, 6).reshape(2, 3))


def test_random_integers_lie_below_the_bound_and_depend_on_the_seed():
    found = made({"input_ids": IDS}, "input_ids=4x1000", seed=0)["input_ids"]
    assert found.dtype == np.int64
    assert (found.min(), found.max()) == (0, 99)
    other = made({"input_ids": IDS}, "input_ids=4x1000", seed=1)["input_ids"]
    assert (found != other).any()


def test_one_shape_serves_all_inputs_without_a_value_or_a_default():
    found = made(BOTH, shape=(1, 5))
    assert {name: array.shape for name, array in found.items()} == {"input_ids": (1, 5)}


def test_ones_and_zeros_have_the_declared_dtype():
    assert made({"input_ids": IDS}, "input_ids=ones:1x2")["input_ids"].dtype == np.int64
    assert made({}, "x=zeros:2x2")["x"].tolist() == [[0, 0], [0, 0]]


def test_numbers_become_the_declared_kind():
    declared = {"x": InputDeclaration("x", Place(), dtype="float32")}
    assert made(declared, "x=[1, 2]")["x"].dtype == np.float32
    assert made({"input_ids": IDS}, "input_ids=[[1, 2]]")["input_ids"].dtype == np.int64
    assert made({}, "x=[1, 2]")["x"].dtype == np.int64
    assert made({}, "x=[1, 2.5]")["x"].dtype == np.float32


def test_floats_of_any_width_are_left_to_the_run(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((1, 3, 8, 8)))
    found = made({"image": IMAGE}, f"image={tmp_path}/x.npy")
    assert found["image"].dtype == np.float64


def test_half_precision_from_a_checkpoint_is_a_float(tmp_path):
    from safetensors.numpy import save_file

    array = np.ones((1, 3, 8, 8), ml_dtypes.bfloat16)
    save_file({"image": array}, tmp_path / "x.safetensors")
    found = made({"image": IMAGE}, f"image={tmp_path}/x.safetensors")
    assert found["image"].dtype == ml_dtypes.bfloat16


def test_a_missing_input_is_named_with_what_to_type():
    assert refusal({"input_ids": IDS}) == (
        "the input 'input_ids' is missing",
        "give --input input_ids=FILE.npy, or --input input_ids=1x16 for random values of "
        "that shape",
    )


def test_an_unknown_input_is_named_with_the_nearest():
    assert refusal(BOTH, "inputs_id=1x4") == (
        "the model has no input 'inputs_id'",
        "did you mean input_ids?",
    )


def test_another_rank_is_refused_with_a_shape_that_fits():
    assert refusal({"image": IMAGE}, "image=3x8x8") == (
        "--input image: its shape is [3, 8, 8], the spec wants [batch, 3, 8, 8]",
        "for one example, 1x3x8x8 or one more [ ]",
    )


def test_a_rank_that_one_example_does_not_mend_is_refused_with_the_sizes_that_are_wanted():
    assert refusal({"image": IMAGE}, "image=1x16") == (
        "--input image: its shape is [1, 16], the spec wants [batch, 3, 8, 8]",
        "--input image=1x3x8x8 is a shape that it wants",
    )


def test_another_size_is_refused():
    problem, _ = refusal({"image": IMAGE}, "image=1x1x8x8")
    assert problem == "--input image: its shape is [1, 1, 8, 8], the spec wants [batch, 3, 8, 8]"


def test_a_named_size_is_one_number_in_all_inputs():
    problem, _ = refusal(BOTH, "input_ids=1x4", "mask=[[1, 1, 1]]")
    assert problem == "--input mask: seq is 3 here and 4 in the input 'input_ids'"


def test_fractions_are_no_indices():
    assert refusal({"input_ids": IDS}, "input_ids=[[0.5]]") == (
        "--input input_ids: it is float32, the spec wants int64",
        "round them first: numpy.save with an integer dtype",
    )


@pytest.mark.parametrize("wrong", [100, -1])
def test_an_index_outside_the_vocabulary_is_refused(wrong):
    problem, _ = refusal({"input_ids": IDS}, f"input_ids=[[{wrong}]]")
    assert problem == f"--input input_ids: {wrong} is outside 0 to 99, what the model knows"


def test_integers_without_a_bound_can_not_be_drawn():
    declared = {"n": InputDeclaration("n", Place(), dtype="int64")}
    assert refusal(declared, "n=2") == (
        "the spec does not say below what the integers of 'n' are",
        "give the values: --input n=[…], or declare `below:` in the spec",
    )


def test_rows_of_different_length_are_refused():
    problem, _ = refusal({}, "x=[[1, 2], [3]]")
    assert problem == "--input x: its rows differ in length, or numbers are too large"
