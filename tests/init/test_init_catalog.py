"""Every initializer is described: formula, source, and a meaning for each option."""

import dataclasses

import pytest

from paramctl.init.base import INITIALIZERS
from paramctl.init.catalog import describe, describe_all


@pytest.mark.parametrize("name", INITIALIZERS.names())
def test_every_initializer_says_what_it_is(name):
    described = describe(name)
    assert described.summary
    assert described.formula
    assert described.source
    assert all(option.meaning for option in described.options), described.options


@pytest.mark.parametrize("name", INITIALIZERS.names())
def test_initializers_are_frozen_values(name):
    assert INITIALIZERS[name].__dataclass_params__.frozen
    assert not [field for field in dataclasses.fields(INITIALIZERS[name]) if not field.init]


def test_those_without_a_dialect_come_first():
    names = [described.name for described in describe_all()]
    dialects = ["." in name for name in names[: names.index("default")]]
    assert dialects == sorted(dialects)


@pytest.mark.parametrize("name", ["default", "keras.default", "flax.default"])
def test_defaults_are_described_too(name):
    described = describe(name)
    assert described.formula
    assert described.source
    assert described.options == ()


def test_an_alias_describes_the_same():
    assert describe("he") == describe("kaiming_uniform")


@pytest.mark.parametrize(
    "name",
    ["uniform", "normal", "trunc_normal", "constant", "ones", "zeros", "eye", "dirac",
     "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal",
     "sparse"],
)  # fmt: skip
def test_every_initializer_of_torch_is_there_under_its_name(name):
    assert INITIALIZERS.canonical(f"torch.{name}") == name
