"""What watches a run: traces, the first NaN, the first difference."""

import itertools

import numpy as np
import pytest
from hand_built import activation, mlp, mlp_arrays, sequence

from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.run.finite import FiniteWatch
from paramctl.run.lockstep import part, side_by_side
from paramctl.run.trace import Trace


def valued(module, arrays):
    """The module with arrays as the values of its parameters."""
    for name, parameter in module.named_parameters():
        parameter.value = arrays[name.replace(".", "__")]
    return module


def call(module, *hooks, x=None):
    run = Execution(hooks=hooks)
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4) if x is None else x
    return run.call(module, run.constant(x))


def test_a_trace_has_a_row_per_module_in_the_order_of_the_calls():
    ticks = itertools.count()
    trace = Trace(clock=lambda: float(next(ticks)))
    call(valued(mlp(), mlp_arrays()), trace)
    assert [(row.module, row.type_name, row.shape) for row in trace.rows] == [
        ("", "Sequential", (2, 1)),
        ("0", "Linear", (2, 8)),
        ("1", "relu", (2, 8)),
        ("2", "Linear", (2, 1)),
    ]
    assert [row.seconds for row in trace.rows] == [7, 1, 1, 1]


def test_figures_of_a_row_are_numpys():
    trace = Trace()
    out = call(valued(mlp(), mlp_arrays()), trace).array.astype(np.float64)
    row = trace.rows[0]
    assert row.mean == pytest.approx(out.mean())
    assert row.std == pytest.approx(out.std())
    assert row.absmax == np.abs(out).max()
    assert (row.nan, row.inf) == (0, 0)


def test_what_is_not_finite_is_counted_and_left_out_of_the_figures():
    trace = Trace()
    x = np.array([1, np.nan, np.inf, -np.inf], np.float32)
    call(sequence(activation("0", "relu")), trace, x=x)
    row = trace.rows[1]
    assert (row.nan, row.inf, row.absmax) == (1, 1, 1.0)


def test_the_first_module_that_made_a_nan_is_named_with_its_bad_parameters():
    arrays = mlp_arrays()
    arrays["2__weight"][0, 3] = np.nan
    watch = FiniteWatch()
    call(valued(mlp(), arrays), watch)
    assert watch.nan is not None
    assert (watch.nan.module, watch.nan.nan, watch.nan.parameters) == ("2", 2, ("weight",))
    assert watch.inf is None


def test_an_inf_is_told_apart_from_the_nan_it_becomes():
    watch = FiniteWatch()
    module = sequence(activation("0", "exp"), activation("1", "softmax"))
    with np.errstate(all="ignore"):
        call(module, watch, x=np.array([[1000.0, 1000.0]], np.float32))
    assert watch.inf is not None
    assert watch.inf.module == "0"
    assert watch.nan is not None
    assert watch.nan.module == "1"


def test_a_nan_that_came_in_is_laid_to_the_input():
    watch = FiniteWatch()
    call(valued(mlp(), mlp_arrays()), watch, x=np.full((1, 4), np.nan, np.float32))
    assert watch.nan is not None
    assert watch.nan.in_input


def two(one, other, tolerance=1e-4):
    return side_by_side(lambda hook: call(other, hook), lambda hook: call(one, hook), tolerance)


def test_equal_models_do_not_part():
    result, parting = two(valued(mlp(), mlp_arrays()), valued(mlp(), mlp_arrays()))
    assert result.shape == (2, 1)
    assert parting is None


def test_the_first_module_that_parts_is_named_with_both_values():
    arrays = mlp_arrays()
    changed = {name: array.copy() for name, array in arrays.items()}
    changed["2__bias"] += 0.5
    _, parting = two(valued(mlp(), arrays), valued(mlp(), changed))
    assert parting is not None
    assert parting.module == "2"
    assert parting.max_abs == pytest.approx(0.5, rel=1e-5)
    assert parting.b - parting.a == pytest.approx(0.5, rel=1e-5)


def test_a_difference_within_the_tolerance_is_none():
    arrays = mlp_arrays()
    changed = {name: array + np.float32(1e-6) for name, array in arrays.items()}
    assert two(valued(mlp(), arrays), valued(mlp(), changed), 1e-3)[1] is None


def test_models_of_different_structure_part_where_the_structure_does():
    longer = sequence(*valued(mlp(), mlp_arrays()), activation("3"))
    _, parting = two(valued(mlp(), mlp_arrays()), longer)
    assert parting is not None
    assert (parting.module, parting.note) == ("", "the other model runs 3 here")


def test_an_error_of_the_model_compared_with_is_raised_here():
    broken = Module("Broken", "", forward=lambda execution, x: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        two(valued(mlp(), mlp_arrays()), broken)


def test_an_error_of_the_model_itself_ends_the_other_run():
    broken = Module("Broken", "", forward=lambda execution, x: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        two(broken, valued(mlp(), mlp_arrays()))


def test_nan_equals_nan_and_infinities_equal_themselves():
    odd = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert part(odd, odd, 0.0) is None
    assert part(odd, np.array([np.nan, np.inf, 0.0, 1.0]), 1e6) == (np.inf, -np.inf, 0.0)


def test_whole_numbers_are_compared_without_wrapping():
    assert part(np.array([0], np.uint8), np.array([1], np.uint8), 0.0) == (1.0, 0, 1)
