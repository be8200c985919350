"""mxnet's packed recurrent parameters, block by block as its own cell unpacks them."""

import numpy as np
import pytest

from paramctl.errors import ParamctlError, UsageError
from paramctl.init.draw import draw
from paramctl.init.fused_rnn import FusedRnn
from paramctl.init.scheme import parse_scheme
from paramctl.init.stream import Stream

GATES = {"lstm": 4, "gru": 3, "rnn_relu": 1, "rnn_tanh": 1}


def length(mode: str, inputs: int, hidden: int, layers: int, ways: int) -> int:
    """The size that mxnet's cell packs into."""
    gates = GATES[mode]
    first = (inputs + hidden + 2) * hidden * gates * ways
    return first + (layers - 1) * gates * hidden * (hidden + ways * hidden + 2) * ways


def test_an_lstm_of_one_layer_lies_gate_by_gate_weights_before_biases():
    scheme = FusedRnn("constant(0.5)", 2, 1, "lstm", forget_bias=3.0)
    blocks = list(scheme.blocks(length("lstm", 3, 2, 1, 1)))
    assert [(block.name, block.start, block.shape) for block in blocks[:6]] == [
        ("l0_i2h_i_weight", 0, (2, 3)), ("l0_i2h_f_weight", 6, (2, 3)),
        ("l0_i2h_c_weight", 12, (2, 3)), ("l0_i2h_o_weight", 18, (2, 3)),
        ("l0_h2h_i_weight", 24, (2, 2)), ("l0_h2h_f_weight", 28, (2, 2)),
    ]  # fmt: skip
    values = draw(scheme, 0, "w", (56,))
    assert values.tolist() == [0.5] * 40 + [0, 0, 3, 3, 0, 0, 0, 0] * 2


def test_layers_and_ways_follow_one_another_and_the_second_layer_reads_both():
    scheme = FusedRnn("ones", 2, 2, "gru", bidirectional=True)
    blocks = list(scheme.blocks(length("gru", 5, 2, 2, 2)))
    weights = [block for block in blocks if block.name.endswith("r_weight")]
    assert [(block.name, block.shape) for block in weights] == [
        ("l0_i2h_r_weight", (2, 5)), ("l0_h2h_r_weight", (2, 2)),
        ("r0_i2h_r_weight", (2, 5)), ("r0_h2h_r_weight", (2, 2)),
        ("l1_i2h_r_weight", (2, 4)), ("l1_h2h_r_weight", (2, 2)),
        ("r1_i2h_r_weight", (2, 4)), ("r1_h2h_r_weight", (2, 2)),
    ]  # fmt: skip
    biases = [block.name for block in blocks if block.name.endswith("bias")]
    assert biases[:4] == ["l0_i2h_r_bias", "l0_i2h_z_bias", "l0_i2h_o_bias", "l0_h2h_r_bias"]
    assert not draw(scheme, 0, "w", (length("gru", 5, 2, 2, 2),))[blocks[24].start :].any()


@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("ways", [1, 2])
def test_blocks_fill_the_vector(mode, layers, ways):
    scheme = FusedRnn("ones", 4, layers, mode, bidirectional=ways == 2)
    size = length(mode, 7, 4, layers, ways)
    blocks = list(scheme.blocks(size))
    ends = [block.start + int(np.prod(block.shape)) for block in blocks]
    assert [0, *ends] == [block.start for block in blocks] + [size]


@pytest.mark.parametrize("inner", ["xavier", "orthogonal", "expr: normal(std=fan_in**0.5)"])
def test_a_gate_has_its_own_fans_and_its_own_stream(inner):
    scheme = FusedRnn(inner, 8, 1, "lstm")
    values = draw(scheme, 5, "rnn", (length("lstm", 3, 8, 1, 1),))
    for block in list(scheme.blocks(len(values)))[:8]:
        alone = draw(parse_scheme(inner), 5, f"rnn.{block.name}", block.shape, "F32", ("out", "in"))
        place = slice(block.start, block.start + alone.size)
        assert np.array_equal(values[place], alone.ravel())


@pytest.mark.parametrize("inner", ["normal", "orthogonal"])
def test_any_part_is_a_part_of_the_whole(inner):
    scheme = FusedRnn(inner, 4, 2, "lstm", bidirectional=True)
    size = length("lstm", 3, 4, 2, 2)
    whole = scheme.values(Stream(1, "w"), (size,), (), 0, size)
    for start, stop in ((0, 1), (7, 100), (size - 50, size), (40, 40)):
        part = scheme.values(Stream(1, "w"), (size,), (), start, stop)
        assert np.array_equal(part, whole[start:stop])


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((57,), "w: a packed lstm of 1 × 2 has 32 + 8·inputs elements, not 57"),
        ((32,), "w: a packed lstm of 1 × 2 has 32 + 8·inputs elements, not 32"),
        ((7, 8), "w: packed parameters have one axis, not [7, 8]"),
    ],
)
def test_a_vector_that_does_not_fit_is_refused(shape, text):
    with pytest.raises(UsageError) as error:
        draw(FusedRnn("ones", 2, 1, "lstm"), 0, "w", shape)
    assert str(error.value) == text


def test_options_are_those_of_mxnet_and_the_scheme_inside_is_checked():
    text = 'mxnet.FusedRNN("uniform(-1, 1)", 6, 2, lstm, forget_bias=2)'
    assert parse_scheme(text) == FusedRnn("uniform(-1, 1)", 6, 2, "lstm", forget_bias=2.0)
    with pytest.raises(UsageError) as error:
        FusedRnn("xavir", 2, 1, "gru")
    assert (str(error.value), error.value.hint) == (
        "no initializer named 'xavir'", "did you mean xavier?",
    )  # fmt: skip
    with pytest.raises(UsageError, match="num_hidden is above 0, not 0"):
        FusedRnn("ones", 0, 1, "gru")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "mxnet.Mixed",
            "it is several rules: --scheme 'SELECT=SCHEME', once for each pattern",
        ),
        (
            "mxnet.load",
            "it draws nothing: paramctl graft MODEL SELECT --from OTHER copies by name",
        ),
    ],
)
def test_what_mxnet_calls_an_initializer_and_is_a_verb_here_says_so(name, hint):
    with pytest.raises(ParamctlError) as error:
        parse_scheme(name)
    assert (str(error.value), error.value.hint) == (f"no initializer named '{name}'", hint)
