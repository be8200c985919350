"""Setting values: exactly the chosen elements, rounded once, in every dtype that has numbers."""

import ml_dtypes
import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import nbytes, single, stored
from hypothesis import given
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES
from paramctl.edit.position import position, rows
from paramctl.edit.rounding import narrow
from paramctl.errors import FoundError, UsageError
from paramctl.manifest import Entry

ARRAYS = [name for name, dtype in DTYPES.items() if dtype.array]


def read(path, name):
    dtype, shape, content = stored(path)[name]
    return np.frombuffer(content, DTYPES[dtype].numpy()).reshape(shape)


def edited(tmp_path, tensor, *arguments):
    model = single(tmp_path, {"x": tensor, "other": ("U8", (1,), b"\7")})
    out = tmp_path / "out.safetensors"
    expect(0, "set", model, *arguments, "-o", out)
    assert stored(out)["other"] == ("U8", (1,), b"\7")
    return read(out, "x")


@st.composite
def indices(draw):
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    bound = st.just("") | st.integers(-12, 12).map(str)
    step = st.just("") | st.integers(-4, 4).filter(bool).map(str)
    slices = st.tuples(bound, bound, step).map(":".join)
    lead = draw(st.integers(0, len(shape)))
    trail = draw(st.integers(0, len(shape) - lead))
    parts = [draw(st.integers(-size, size - 1).map(str) | slices) for size in shape[:lead]]
    if trail or draw(st.booleans()):
        sizes = shape[len(shape) - trail :]
        parts += ["...", *(draw(st.integers(-size, size - 1).map(str) | slices) for size in sizes)]
    return shape, ",".join(parts)


@given(indices())
def test_an_index_means_what_it_means_to_numpy(drawn):
    shape, text = drawn
    values = np.arange(np.prod(shape)).reshape(shape)
    truth = eval(f"values[{text}]") if text else values
    place = position(text, Entry("x", "F32", shape))
    assert place.shape == truth.shape
    assert np.array_equal(values[place.parts], truth)


@given(indices(), st.integers(1, 4))
def test_an_index_by_blocks_of_rows_is_the_whole_index(drawn, height):
    shape, text = drawn
    place = position(text, Entry("x", "F32", shape))
    values = np.arange(np.prod(shape)).reshape(shape)
    found = np.full(place.shape, -1)
    for start in range(0, shape[0], height):
        block = values[start : start + height]
        here = rows(place.parts, start, start + len(block))
        if here is not None and isinstance(place.parts[0], slice):
            found[here[1]] = block[here[0]]
        elif here is not None:
            found[...] = block[here[0]]
    assert np.array_equal(found, values[place.parts])


@pytest.mark.parametrize(
    ("index", "problem"),
    [
        ("7", "7 is beyond an axis of 2"),
        ("0,0,0", "an index of 3 parts for a shape [2,3]"),
        ("a", "'a' is no index"),
        ("::0", "the step of a slice can't be 0"),
        ("...,...", "'...' can stand in an index only once"),
        (",1", "'' is no index"),
    ],
)
def test_an_index_that_can_not_be_says_why(index, problem):
    with pytest.raises(UsageError) as caught:
        position(index, Entry("x", "F32", (2, 3)))
    assert caught.value.problem == problem
    assert caught.value.where == f"x[{index}]"


def test_only_the_chosen_elements_change(tmp_path):
    """NaN payloads and negative zeros around them stay as they are."""
    bits = np.array([0x7FC00001, 0x80000000, 0xFFA00003, 0x3F800000], "<u4")
    after = edited(tmp_path, ("F32", (4,), bits.tobytes()), "x[3]", "x + 1")
    assert after.view("<u4").tolist() == [*bits[:3].tolist(), 0x40000000]


def test_the_exact_name_goes_before_an_index(tmp_path):
    model = single(tmp_path, {"x[0]": spell.f32(np.zeros(2)), "x": spell.f32(np.zeros(2))})
    out = tmp_path / "out.safetensors"
    expect(0, "set", model, "x[0]", "5", "-o", out)
    assert read(out, "x[0]").tolist() == [5, 5]
    assert read(out, "x").tolist() == [0, 0]


@pytest.mark.parametrize("dtype", ARRAYS)
def test_a_whole_tensor_of_any_dtype_can_be_set(tmp_path, dtype):
    size = nbytes(dtype, (2, 3))
    after = edited(tmp_path, (dtype, (2, 3), bytes(range(size))), "x", "1")
    assert after.dtype == DTYPES[dtype].numpy()
    assert (after.astype(np.complex128) == 1).all()


@pytest.mark.parametrize("expression", ["-1", "-x", "-inf", "-abs(x)", "-0.5", "-nan"])
def test_an_expression_may_begin_with_a_minus(tmp_path, expression):
    after = edited(tmp_path, spell.f32(np.array([2.0, -3.0])), "x", expression)
    x = np.array([2.0, -3.0])
    truth = eval(expression, {"x": x, "abs": abs, "inf": np.inf, "nan": np.nan})
    assert np.array_equal(after, np.broadcast_to(truth, 2), equal_nan=True)


def test_a_scalar_can_be_set(tmp_path):
    assert edited(tmp_path, spell.f32(np.array(2.0)), "x", "x * 3") == 6


def test_an_empty_tensor_can_be_set(tmp_path):
    assert edited(tmp_path, ("F32", (0, 3), b""), "x", "1").shape == (0, 3)


def test_an_array_may_have_any_strides(tmp_path):
    """A transposed and a reversed array arrive as the values they show."""
    values = np.arange(6, dtype="f4").reshape(3, 2).T[::-1]
    np.save(tmp_path / "v.npy", values)
    npy = ("--npy", tmp_path / "v.npy")
    assert np.array_equal(edited(tmp_path, spell.f32(np.zeros((2, 3))), "x", *npy), values)


def test_an_array_goes_to_the_places_of_its_index(tmp_path):
    np.save(tmp_path / "v.npy", np.arange(6.0).reshape(3, 2))
    after = edited(tmp_path, spell.f32(np.zeros((7, 2))), "x[::-3]", "--npy", tmp_path / "v.npy")
    truth = np.zeros((7, 2))
    truth[::-3] = np.arange(6.0).reshape(3, 2)
    assert np.array_equal(after, truth)


def test_an_array_of_another_shape_is_refused_before_anything_is_written(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros(3))
    model = single(tmp_path, {"x": spell.f32(np.zeros(2))})
    out = tmp_path / "out.safetensors"
    result = expect(2, "set", model, "x", "--npy", tmp_path / "v.npy", "-o", out)
    assert result.err == "paramctl: x: an array of shape [3] for [2]\n"
    assert not out.exists()


@pytest.mark.parametrize(
    ("dtype", "expression", "code", "problem"),
    [
        ("F16", "70000", 1, "70000 is too large for F16"),
        ("U8", "x + 300", 1, "300 is beyond U8, which goes from 0 to 255"),
        ("I8", "0.5", 2, "0.5 is no whole number, the tensor is I8"),
        ("BOOL", "2", 1, "2 is beyond BOOL, which goes from 0 to 1"),
        ("I64", "2.0**63", 1, "9.223372036854776e+18 is beyond I64, which goes from"),
        ("F4", "1", 2, "F4 tensors can be listed and copied, not computed on"),
    ],
)
def test_what_the_dtype_can_not_hold_is_refused(tmp_path, dtype, expression, code, problem):
    model = single(tmp_path, {"x": (dtype, (2,), bytes(nbytes(dtype, (2,))))})
    out = tmp_path / "out.safetensors"
    result = expect(code, "set", model, "x", expression, "-o", out)
    assert problem in result.err
    assert list(tmp_path.iterdir()) == [model]


def test_infinity_is_no_overflow_when_it_is_asked_for(tmp_path):
    assert (edited(tmp_path, ("F16", (2,), bytes(4)), "x", "inf") == np.inf).all()


@given(st.floats(-(2.0**100), 2.0**100))
def test_float64_is_rounded_to_bfloat16_once(value):
    """ml_dtypes rounds twice, by way of float32; the truth is the nearest of all of them."""
    from fractions import Fraction

    found = float(narrow(np.array([value]), "BF16")[0])
    bits = np.array([found], "f4").view("u4") >> 16
    near = np.array([bits - 1, bits, bits + 1], "u4").reshape(-1) << 16
    others = [Fraction(float(x)) for x in near.view("f4") if np.isfinite(x)]
    assert abs(Fraction(found) - Fraction(value)) == min(abs(x - Fraction(value)) for x in others)


def test_the_known_double_rounding_does_not_happen():
    value = 1 + 2.0**-8 + 2.0**-30
    assert float(np.array([value]).astype(ml_dtypes.bfloat16)[0]) == 1.0
    assert float(narrow(np.array([value]), "BF16")[0]) == 1.0078125


def test_complex_numbers_stay_out_of_real_tensors():
    with pytest.raises(UsageError):
        narrow(np.array([1j]), "F32")
    with pytest.raises(FoundError):
        narrow(np.array([-1]), "U64")


def test_elements_are_never_mixed(tmp_path):
    model = single(tmp_path, {"x": spell.f32(np.ones((2, 2)))})
    result = expect(2, "set", model, "x", "x @ x", "-n")
    assert result.err == "paramctl: values are set element by element: there is no @\n"


def test_setting_an_alias_sets_the_tensor_that_is_shared(tmp_path):
    model = single(tmp_path, {"2.weight": spell.f32(np.zeros((2, 2)))}, {"4.weight": "2.weight"})
    out = tmp_path / "out.safetensors"
    expect(0, "set", model, "4.weight[0,0]", "100", "-o", out)
    assert read(out, "2.weight").tolist() == [[100, 0], [0, 0]]


def test_a_tensor_larger_than_a_block_is_set_all_over(tmp_path):
    count = (1 << 20) + 12345
    values = np.arange(count, dtype="<f4")
    after = edited(tmp_path, spell.f32(values), "x", "x + 1")
    assert np.array_equal(after, values + 1)


def test_signalling_nans_raise_no_warning(tmp_path):
    bits = np.array([0x7FA00001, 0x3F800000], "<u4")
    after = edited(tmp_path, ("F32", (2,), bits.tobytes()), "x", "x + 1")
    assert np.isnan(after[0])
    assert after[1] == 2
