"""What is wrong with a run, said with the parameter, the call or the line that it is about."""

import numpy as np
import pytest

from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.errors import SpecError, UsageError
from paramctl.expression.errors import LanguageError


def test_a_parameter_without_values_says_so():
    execution = Execution()
    parameter = Parameter("0.weight", (2,))
    with pytest.raises(LanguageError) as caught:
        execution.parameter(parameter) + 1
    assert caught.value.message == "0.weight has no values yet"


@pytest.mark.parametrize("wrong", [4, -1])
def test_an_index_outside_the_table_names_it(wrong):
    execution = Execution()
    table = execution.parameter(Parameter("wte.weight", (4, 3), value=np.ones((4, 3))))
    with pytest.raises(LanguageError) as caught:
        execution.apply("embedding", execution.constant([0, wrong]), table)
    assert caught.value.message == (
        f"index {wrong} is outside the table wte.weight, which has 4 rows"
    )


def test_a_linear_that_does_not_fit_names_the_parameter():
    execution = Execution(mode="shapes")
    weight = execution.parameter(Parameter("mlp.down_proj.weight", (32, 32)))
    with pytest.raises(LanguageError) as caught:
        execution.apply("linear", execution.placeholder((1, 5, 88)), weight)
    assert caught.value.message == (
        "input [1, 5, 88] has 88 features, weight [32, 32] (mlp.down_proj.weight) takes 32"
    )


def failing_model(error):
    def fail(execution, x):
        raise error

    inner = Module("Linear", "layers.1.fc", forward=fail)
    layers = {
        str(i): Module("Layer", f"layers.{i}", {"fc": inner} if i else {}, forward=forward)
        for i, forward in enumerate([lambda e, x: x, lambda e, x: e.call(inner, x)])
    }
    return Module("Net", "", {"layers": Module("Repeat", "layers", layers)})


def test_an_error_with_its_place_gets_the_calls_around_it():
    execution = Execution(mode="shapes")
    with pytest.raises(SpecError) as caught:
        execution.call(
            failing_model(SpecError("no way", where="net.yaml:3:4")), execution.placeholder((2, 3))
        )
    assert str(caught.value) == (
        "net.yaml:3:4: no way\n"
        "  in layers.1.fc (Linear) called with [2, 3] float32\n"
        "  in layers.1 (Layer) called with [2, 3] float32\n"
        "  in layers (Repeat) called with [2, 3] float32\n"
        "  in the model (Net) called with [2, 3] float32"
    )


def test_an_error_without_a_place_carries_its_frames():
    execution = Execution(mode="shapes")
    with pytest.raises(LanguageError) as caught:
        execution.call(failing_model(LanguageError("no way")), execution.placeholder((2, 3)))
    assert [frame.path for frame in caught.value.frames] == [
        "layers.1.fc",
        "layers.1",
        "layers",
        "",
    ]


def test_an_unknown_operation_offers_the_nearest():
    with pytest.raises(UsageError) as caught:
        Execution().function("sofmax", 1)
    assert caught.value.hint == "did you mean softmax?"


@pytest.mark.parametrize(
    ("given", "named", "message"),
    [
        ((), {}, "softmax needs 'x'"),
        ((1, 2, 3), {}, "softmax got more values than it takes"),
        ((1,), {"axes": 1}, "softmax was given 'axes' and does not know it"),
        ((1, -1), {"axis": 1}, "softmax was given 'axis' twice"),
    ],
)
def test_wrong_arguments_show_the_usage(given, named, message):
    with pytest.raises(LanguageError) as caught:
        Execution().apply("softmax", *given, **named)
    assert (caught.value.message, caught.value.hint) == (message, "softmax(x, axis=-1)")


def test_a_tensor_is_no_condition_of_an_if():
    with pytest.raises(LanguageError, match="neither true nor false"):
        bool(Execution().constant([1.0, 2.0]) > 0)
