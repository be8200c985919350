"""What ``forward --backward`` says of gradients: dead, vanishing, exploding, symmetric."""

import pytest
from command import expect

HEAD = "paramctl: 1\n"


@pytest.fixture
def backward(tmp_path):
    """Rows and warnings of a spec that goes backward from the sum of its outputs."""

    def run(text, *words):
        (tmp_path / "net.yaml").write_text(HEAD + text)
        answer = expect(
            0, "forward", "net.yaml", "--input", "x=2x4", "--backward", "sum", *words, cwd=tmp_path
        )
        return {row[0]: row[1:] for row in answer.rows}, answer.err

    return run


def test_a_dead_parameter_is_flagged(backward):
    rows, _ = backward(
        "model:\n  modules: {used: 'Linear(4, 1)', dead: 'Linear(4, 1)'}\n  forward: return used(x)"
    )
    assert rows["dead.weight"] == ["none", "none", "dead"]
    assert rows["used.weight"][2] == ""


@pytest.mark.parametrize(
    ("factor", "flag"), [("1e-12", "vanishing"), ("1e6", "exploding"), ("1.0", "")]
)
def test_sizes_of_gradients_are_flagged(backward, factor, flag):
    rows, _ = backward(
        f"model:\n  modules: {{fc: 'Linear(4, 1)'}}\n  forward: return fc(x) * {factor}"
    )
    assert rows["fc.bias"][2] == flag


def test_flags_are_in_the_json_where_there_is_one(tmp_path):
    text = "model:\n  modules: {fc: 'Linear(4, 1)'}\n  forward: return fc(x) * 1e-12"
    (tmp_path / "net.yaml").write_text(HEAD + text)
    words = ("forward", "net.yaml", "--input", "x=2x4", "--backward", "sum", "--json")
    found = expect(0, *words, cwd=tmp_path).json["gradients"]
    assert found["fc.bias"]["flag"] == "vanishing"


MLP = "model:\n  - Linear(4, 8)\n  - tanh\n  - Linear(8, 1)\n"


def test_a_constant_init_keeps_units_the_same(backward):
    _, told = backward(MLP, "--scheme", "constant(0.1)")
    assert told == (
        "warning: 0.weight: all units are equal and get equal gradients, so they stay equal; "
        "draw them at random\n"
    )


def test_units_drawn_at_random_are_not_the_same(backward):
    assert backward(MLP)[1] == ""
    assert backward("model: Linear(4, 3)\n")[1] == ""  # equal gradients of unequal units
