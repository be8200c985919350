"""Why initial values matter: symmetry, explosion, and the bounds that prevent them."""

import numpy as np
import pytest
from capabilities.book import gradients, output, spec, written
from command import expect

CHAIN = """  params: {{w: 'Param(100, 4, 4, axes="expert out in", init=normal(std={std}))'}}
  forward: |
    for i in range(100):
      x = x @ w[i]
    return x
"""


def test_equal_weights_have_equal_gradients(tmp_path):
    """NS1: all units of a hidden layer learn the same, so they stay the same."""
    given = (spec("mlp8"), "--scheme", "constant(0.5)", "--input")
    same = gradients(tmp_path, *given, "x=ones:2x4")["0.weight"]
    assert np.unique(same).size == 1
    rows = gradients(tmp_path, *given, "x=[[1,2,3,4]]")["0.weight"]
    assert rows[0].any()
    assert (rows == rows[0]).all()


def test_a_hundred_random_matrices_explode(tmp_path):
    """NS2: N(0, 1) factors reach more than 1e18; a spread of 1/√4 keeps the size."""
    eye = ("--input", "x=[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]")
    for seed in ("0", "1", "2"):
        wild = output(written(tmp_path, CHAIN.format(std=1)), *eye, "--seed", seed)
        assert 1e18 < max(abs(wild["min"]), wild["max"]) < 1e32
        tame = output(written(tmp_path, CHAIN.format(std=0.5)), *eye, "--seed", seed)
        assert max(abs(tame["min"]), tame["max"]) < 1e3


@pytest.mark.parametrize(
    ("shape", "bound", "std"),
    [
        ("8x4", 0.7071068, 0.4082483),
        ("256x20", 0.1474420, 0.0851257),
        ("10x256", 0.1501879, 0.0867110),
    ],
)
def test_the_bound_of_xavier_follows_from_the_fans(shape, bound, std):
    """NS3: ±√(6/(fan_in + fan_out)), σ = √(2/(fan_in + fan_out))."""
    [row] = expect(0, "schemes", "xavier", "--shape", shape, "--json").json["schemes"]
    out, into = map(int, shape.split("x"))
    assert (row["fan_in"], row["fan_out"]) == (into, out)
    assert row["bound"] == pytest.approx(bound, abs=5e-8)
    assert row["std"] == pytest.approx(std, abs=5e-8)
