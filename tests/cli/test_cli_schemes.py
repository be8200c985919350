"""`paramctl schemes` as a user types it."""

import math

import pytest
from command import expect


def test_schemes_lists_every_initializer():
    from paramctl.init.base import INITIALIZERS
    from paramctl.init.defaults import FRAMEWORKS

    listed = expect(0, "schemes", "--json").json
    assert listed["schema"] == "paramctl/schemes/1"
    defaults = {"default", *(f"{name}.default" for name in FRAMEWORKS)}
    assert {row["name"] for row in listed["schemes"]} == {*INITIALIZERS.names(), *defaults}
    assert all({"name", "formula", "options", "source"} <= row.keys() for row in listed["schemes"])


def test_one_scheme_with_its_figures_for_a_shape():
    (row,) = expect(0, "schemes", "xavier", "--shape", "256x20", "--json").json["schemes"]
    assert (row["name"], row["fan_in"], row["fan_out"]) == ("xavier_uniform", 20, 256)
    assert row["bound"] == pytest.approx(0.1474420, abs=1e-7)
    assert row["std"] == pytest.approx(row["bound"] / math.sqrt(3))


def test_an_expression_is_a_scheme_too():
    (row,) = expect(0, "schemes", "expr: uniform(-1, 1) * fan_in", "--json").json["schemes"]
    assert (row["name"], row["formula"]) == ("expr", "uniform(-1, 1) * fan_in")


def test_a_scheme_in_full_for_a_person():
    result = expect(0, "schemes", "sparse(0.5)", "-f", "table")
    assert result.out == (
        "sparse: Normal draws with the same number of zeros in every column, at random rows.\n"
        "    w ~ N(0, std); in each column ceil(sparsity·rows) elements become 0\n"
        "A column belongs to one input of an ``(out, in)`` weight.\n"
        "  sparsity (here 0.5): share of zeros in a column, 0 … 1.\n"
        "  std (default 0.01): standard deviation of the others.\n"
        "also: torch.sparse\n"
        "source: torch.nn.init.sparse_; Martens 2010, Deep learning via Hessian-free "
        "optimization.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["he_unifrom"],
            "paramctl: no initializer named 'he_unifrom'\nhint: did you mean he_uniform?\n",
        ),
        (["--shape", "3y"], "paramctl: expected sizes such as 256x20, found '3y'\n"),
        (
            ["xavier(gain=1)", "--shape", "3"],
            "paramctl: fans need two axes or more, and it has 1\n",
        ),
        (["xavier", "--shape", "3"], "paramctl: fans need two axes or more, and it has 1\n"),
        (
            ["xavier", "--axes", "in,out"],
            "paramctl: --axes is for the axes of --shape\nhint: --shape 768x2304\n",
        ),
        (
            ["expr: exp(normal())"],
            "paramctl: exp has other last bits on other processors\n"
            "    exp(normal())\n    ^^^^^^^^^^^^^\n"
            "hint: exact ones are abs, sqrt, floor, ceil, round, trunc, sign, minimum, maximum, "
            "where, clip\n",
        ),
    ],
)
def test_schemes_says_what_is_wrong(arguments, text):
    assert expect(2, "schemes", *arguments).err == text


def test_schemes_say_why_a_vector_has_no_fans():
    told = expect(0, "schemes", "--shape", "256").err
    assert (
        told == "note: no figures where fans are used: fans need two axes or more, and it has 1\n"
    )
    assert expect(0, "schemes", "--shape", "256x20").err == ""
    assert expect(0, "schemes", "normal", "--shape", "256").err == ""


def test_schemes_tell_the_fans_of_each_layer_that_shares_a_weight():
    done = expect(
        0, "schemes", "xavier", "--shape", "48x8", "--axes", "out/4+1+1 in", "--json"
    )  # fmt: skip
    row = done.json["schemes"][0]
    assert (row["fan_in"], row["fan_out"]) == (8, None)
    assert row["bound"] == pytest.approx(math.sqrt(6 / 16))
    assert done.err == (
        "note: its layers have fans of their own: 8 to 32, 8 to 8; bound is the widest one's\n"
    )
