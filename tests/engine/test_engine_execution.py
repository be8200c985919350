"""Runs of small models: ties add up, weights come and go, what nobody needs is not read."""

import ml_dtypes
import numpy as np
import pytest
from engine.stored import InFile

from paramctl.compute.pool import set_threads
from paramctl.engine.bound import bind
from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.expression.errors import LanguageError


def linear(path, weight, bias):
    parameters = {
        "weight": Parameter(f"{path}.weight", weight.shape, value=weight),
        "bias": Parameter(f"{path}.bias", bias.shape, value=bias),
    }

    def forward(execution, x):
        w, b = (execution.parameter(p) for p in parameters.values())
        return execution.apply("linear", x, w, b)

    return Module("Linear", path, parameters=parameters, forward=forward)


def relu(path):
    return Module("ReLU", path, forward=lambda execution, x: execution.apply("relu", x))


def constant_mlp(tied):
    """4-8-8-8-1, every weight 0.1 and every bias 0; the two middle layers tied or equal."""

    def layer(path, out, taken):
        return linear(path, np.full((out, taken), 0.1), np.zeros(out))

    middle = layer("2", 8, 8)
    again = middle if tied else layer("4", 8, 8)
    layers = [layer("0", 8, 4), relu("1"), middle, relu("3"), again, relu("5"), layer("6", 1, 8)]
    return Module("Sequential", "", {str(i): child for i, child in enumerate(layers)})


def gradients(net, x):
    execution = Execution(dtype="float64", mode="tape")
    y = execution.apply("sum", execution.call(net, execution.constant(x)))
    execution.backward(y)


def test_gradients_of_tied_uses_are_added():
    net = constant_mlp(tied=True)
    gradients(net, np.ones((2, 4)))
    np.testing.assert_allclose(net["2.weight"].grad, 0.128)
    np.testing.assert_allclose(net["2.bias"].grad, 0.36)


def test_gradients_of_equal_layers_stay_apart():
    net = constant_mlp(tied=False)
    gradients(net, np.ones((2, 4)))
    np.testing.assert_allclose(net["2.weight"].grad, 0.064)
    np.testing.assert_allclose(net["4.weight"].grad, 0.064)
    np.testing.assert_allclose(net["2.bias"].grad, 0.16)
    np.testing.assert_allclose(net["4.bias"].grad, 0.20)


def test_a_parameter_used_twice_in_one_product():
    """y = w (w x) at w = 3, x = 2 is 18, and dy/dw = 12."""
    execution = Execution(mode="tape")
    parameter = Parameter("w", (), value=np.array(3.0, np.float32))
    w = execution.parameter(parameter)
    y = w * (w * 2.0)
    execution.backward(y)
    assert float(y.array) == 18.0
    assert float(parameter.grad) == 12.0


def test_an_embedding_tied_to_the_output_gets_both_gradients():
    rng = np.random.default_rng(0)
    table = Parameter("wte", (5, 3), value=rng.standard_normal((5, 3)))
    seed = rng.standard_normal((2, 5))

    def loss(value):
        return float(np.sum(seed * (value[[1, 4]] @ value.T)))

    execution = Execution(dtype="float64", mode="tape")
    t = execution.parameter(table)
    y = execution.apply("linear", execution.apply("embedding", execution.constant([1, 4]), t), t)
    execution.backward(y, seed)
    step = 1e-6 * rng.standard_normal((5, 3))
    expected = loss(table.value + step) - loss(table.value - step)
    assert np.sum(table.grad * 2 * step) == pytest.approx(expected, rel=1e-6)


def test_a_second_backward_adds_to_the_gradient():
    net = constant_mlp(tied=True)
    gradients(net, np.ones((2, 4)))
    gradients(net, np.ones((2, 4)))
    np.testing.assert_allclose(net["2.weight"].grad, 0.256)


def test_what_took_no_part_has_no_gradient():
    execution = Execution(mode="tape")
    used, unused = (Parameter(n, (2,), value=np.ones(2)) for n in ("used", "unused"))
    buffer = Parameter("mean", (2,), kind="buffer", value=np.ones(2))
    y = execution.parameter(used) * execution.parameter(buffer)
    execution.backward(y)
    np.testing.assert_array_equal(used.grad, [1, 1])
    assert unused.grad is None
    assert buffer.grad is None


def test_without_a_tape_there_are_no_gradients():
    execution = Execution()
    with pytest.raises(LanguageError, match="no parameter took part"):
        execution.backward(execution.constant(1.0))


def test_gradients_own_their_memory():
    """Two parameters fed by one array must not see each other's changes."""
    execution = Execution(mode="tape")
    a, b = (Parameter(n, (2,), value=np.ones(2, np.float32)) for n in "ab")
    execution.backward(execution.parameter(a) + execution.parameter(b))
    a.grad += 1
    np.testing.assert_array_equal(b.grad, [1, 1])


def test_shapes_are_inferred_without_values():
    net = constant_mlp(tied=True)
    for _, parameter in net.unique_parameters():
        parameter.value = None
    execution = Execution(mode="shapes")
    y = execution.call(net, execution.placeholder((7, 4)))
    assert (y.shape, y.dtype, y.array) == ((7, 1), "float32", None)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float8_e4m3fn", "float8_e5m2"])
def test_narrow_weights_are_computed_on_in_float32(dtype):
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    values = np.array([[1.5, -2.0], [0.25, 3.0]]).astype(kind)
    parameter = Parameter("w", (2, 2), dtype="BF16", value=values)
    execution = Execution()
    y = execution.apply("linear", execution.constant([1.0, 1.0]), execution.parameter(parameter))
    assert y.dtype == "float32"
    np.testing.assert_array_equal(y.array, [-0.5, 3.25])


def test_bfloat16_rounds_every_result():
    execution = Execution(dtype="bfloat16")
    y = execution.constant([1.0, 1.0]) * 1.00390625 + 2**-9
    assert y.dtype == "float32"
    np.testing.assert_array_equal(y.array, y.array.astype(ml_dtypes.bfloat16).astype(np.float32))


def test_an_embedding_reads_only_its_rows():
    stored = InFile(np.arange(12.0, dtype=np.float32).reshape(4, 3))
    execution = Execution()
    table = execution.parameter(Parameter("wte.weight", (4, 3), value=stored))
    y = execution.apply("embedding", execution.constant([[2, 0], [2, 2]]), table)
    assert stored.read == [[0, 2]]
    np.testing.assert_array_equal(y.array[0], [[6, 7, 8], [0, 1, 2]])


def test_a_constant_in_a_run_is_not_read_again():
    stored = InFile(np.ones((2, 2), np.float32))
    execution = Execution()
    held = execution.hold(execution.parameter(Parameter("w", (2, 2), value=stored)))
    assert (held @ held).array[0, 0] == 2
    assert stored.read == ["all"]


def test_hooks_see_every_call_in_order():
    seen = []

    class Watch:
        def before(self, module, values):
            seen.append(f"> {module.path}")

        def after(self, module, value):
            seen.append(f"< {module.path} {list(value.shape)}")

    execution = Execution(mode="shapes", hooks=[Watch()])
    net = Module("Net", "", {"a": relu("a"), "b": relu("b")})
    execution.call(net, execution.placeholder((2,)))
    assert seen == ["> ", "> a", "< a [2]", "> b", "< b [2]", "<  [2]"]


def test_functions_of_plain_numbers_stay_plain():
    execution = Execution()
    assert execution.function("sqrt", 64) == 8.0
    assert execution.function("maximum", 3, 5) == 5
    with pytest.raises(LanguageError, match=r"sqrt\(-1\): "):
        execution.function("sqrt", -1)


def test_a_one_value_tensor_can_end_a_loop():
    execution = Execution()
    assert (execution.constant(3.0) > 1).language_condition() is True
    assert (Execution(mode="shapes").placeholder(()) > 1).language_condition() is None


def test_language_code_reaches_children_and_parameters():
    net = constant_mlp(tied=True)
    bound = bind(Execution(), net)
    assert bound.language_item(2).language_attribute("weight").name == "2.weight"
    with pytest.raises(LanguageError) as caught:
        bound.language_item(0).language_attribute("wieght")
    assert caught.value.message == "0 (Linear) has no child or parameter 'wieght'"
    assert caught.value.hint == "did you mean weight?"


def test_an_expert_that_nobody_chose_is_never_read():
    stored = [InFile(np.full((2, 2), float(i), np.float32)) for i in range(3)]
    execution = Execution()

    def expert(place):
        parameter = Parameter(f"experts.{place}", (2, 2), value=stored[place])
        return lambda x: execution.apply("linear", x, execution.parameter(parameter))

    x = execution.constant([[1.0, 1.0], [2.0, 0.0]])
    weights = execution.constant([[0.5, 0.0, 0.5], [1.0, 0.0, 0.0]])
    y = execution.function("mixture", x, weights, [expert(i) for i in range(3)])
    np.testing.assert_array_equal(y.array, [[2.0, 2.0], [0.0, 0.0]])
    assert [each.read for each in stored] == [["all"], [], ["all"]]


@pytest.mark.parametrize("count", [1, 2])
def test_infinities_and_nan_pass_without_a_warning(count):
    """Results tell about them; warnings on standard error would not help."""
    set_threads(count)
    execution = Execution(mode="tape")
    huge = Parameter("w", (1,), value=np.array([3e38], np.float32))
    w = execution.parameter(huge)
    y = execution.function("log", w * 10 - w * 10) / 0.0
    q = execution.apply("reshape", w * 10, shape=(1, 1, 1))
    z = execution.apply("attention", q, q, q)
    set_threads(None)
    assert np.isnan(y.array).all()
    assert np.isnan(z.array).all()
    execution.backward(y)
    assert np.isnan(huge.grad).all()
