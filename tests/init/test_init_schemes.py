"""Texts of schemes, rules and expressions, and what is wrong with the wrong ones."""

import math

import numpy as np
import pytest

from paramctl.errors import SpecError, UsageError
from paramctl.expression.place import Place
from paramctl.init.draw import draw
from paramctl.init.kaiming import KaimingNormal, KaimingUniform
from paramctl.init.keras import KerasHeNormal
from paramctl.init.normal import Normal
from paramctl.init.rules import Rule, framework_of, parse_rule
from paramctl.init.scheme import as_initializer, parse_scheme, scheme_names
from paramctl.init.truncated import TruncNormal
from paramctl.init.uniform import Uniform
from paramctl.init.xavier import XavierNormal, XavierUniform


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("xavier", XavierUniform()),
        ("xavier_uniform", XavierUniform()),
        ("glorot_uniform", XavierUniform()),
        ("torch.xavier_normal", XavierNormal()),
        ("glorot_normal", XavierNormal()),
        ("kaiming", KaimingUniform()),
        ("he_normal", KaimingNormal()),
        ("keras.he_normal", KerasHeNormal()),
        (" normal( std = 0.02 ) ", Normal(std=0.02)),
        ("normal(1, 2)", Normal(1.0, 2.0)),
        ("uniform(-1, 1)", Uniform(-1.0, 1.0)),
        ("uniform(a=-1, b=1)", Uniform(-1.0, 1.0)),
        ("trunc_normal(std=0.02, a=-0.04, b=0.04)", TruncNormal(0.0, 0.02, -0.04, 0.04)),
        ("kaiming_uniform(a=sqrt(5))", KaimingUniform(math.sqrt(5))),
        (
            "kaiming_normal(mode=fan_out, nonlinearity='relu')",
            KaimingNormal(mode="fan_out", nonlinearity="relu"),
        ),
    ],
)
def test_a_text_names_an_initializer(text, wanted):
    assert parse_scheme(text) == wanted


def test_options_may_refer_to_names_that_are_given():
    names = {"initializer_range": 0.02, "n_layer": 12}
    scheme = parse_scheme("normal(std=initializer_range / sqrt(2 * n_layer))", names)
    assert scheme.std == pytest.approx(0.00408248, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("xavier_unifrom", "no initializer named 'xavier_unifrom'", "did you mean xavier_uniform?"),
        (
            "keras.he_norml",
            "no initializer named 'keras.he_norml'",
            "did you mean keras.he_normal?",
        ),
        (
            "xavier(gian=2)",
            "xavier has no option named 'gian'\n    xavier(gian=2)\n    ^^^^^^^^^^^^^^",
            "did you mean gain?",
        ),
        (
            "zeros(1)",
            "zeros takes 0 options, not 1\n    zeros(1)\n    ^^^^^^^^",
            "",
        ),
        (
            "normal(0, mean=1)",
            "normal: the option 'mean' is given twice\n    normal(0, mean=1)\n"
            "    ^^^^^^^^^^^^^^^^^",
            "",
        ),
        (
            "uniform(low='a')",
            "uniform: low is a number, not 'a'\n    uniform(low='a')\n    ^^^^^^^^^^^^^^^^",
            "",
        ),
        (
            "kaiming_normal(mode='fan_avg')",
            "kaiming_normal: mode is one of fan_in, fan_out, not 'fan_avg'\n"
            "    kaiming_normal(mode='fan_avg')\n    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
            "",
        ),
        (
            "dirac(groups=1.5)",
            "dirac: groups is a whole number, not 1.5\n    dirac(groups=1.5)\n"
            "    ^^^^^^^^^^^^^^^^^",
            "",
        ),
        ("constant", "constant needs its option 'value'", "constant(value=…)"),
        (
            "42",
            "expected a scheme such as xavier_uniform or normal(std=0.02), found '42'",
            "",
        ),
        ("", "expected an expression, found nothing", ""),
        (
            "expr: u = ;u",
            "invalid syntax\n    u = ;u\n        ^",
            "",
        ),
    ],
)
def test_a_text_that_names_none_is_an_error(text, problem, hint):
    with pytest.raises(UsageError) as error:
        parse_scheme(text)
    assert (str(error.value), error.value.hint) == (problem, hint)


def test_an_error_in_a_file_has_its_place():
    place = Place("net.yaml", 7, 14, lines=("",) * 6 + ("      weight: xavier_unifrom",))
    with pytest.raises(SpecError) as error:
        parse_scheme("xavier_unifrom", place=place)
    assert error.value.where == "net.yaml:7:14"


def test_names_without_options_are_values_of_the_language():
    assert as_initializer(scheme_names()["zeros"]) == parse_scheme("zeros")
    assert as_initializer(scheme_names()["jax"].language_attribute("normal")).std == 0.01


@pytest.mark.parametrize(
    ("text", "select", "scheme"),
    [
        ("xavier", None, "xavier"),
        ("normal(std=0.02)", None, "normal(std=0.02)"),
        ("default", None, "default"),
        ("**.weight=orthogonal", "**.weight", "orthogonal"),
        ("bias = zeros", "bias", "zeros"),
        ("numel>=100=zeros", "numel>=100", "zeros"),
        ("0.weight=normal(std=1)", "0.weight", "normal(std=1)"),
        ('"a=b".w=ones', '"a=b".w', "ones"),
        ("experts[0].w=ones", "experts[0].w", "ones"),
        ("(a | b)=ones", "(a | b)", "ones"),
        ("bias=keras.default", "bias", "keras.default"),
        (
            "0.weight=expr: u = uniform(); where(u >= 0.5, u, 0)",
            "0.weight",
            "expr: u = uniform(); where(u >= 0.5, u, 0)",
        ),
        ("expr: u = uniform(); u", None, "expr: u = uniform(); u"),
    ],
)
def test_a_rule_is_split_where_its_scheme_begins(text, select, scheme):
    assert parse_rule(text) == Rule(select, scheme)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bias=zeroes", "no initializer named 'zeroes'"),
        ("=zeros", "no selection before '=': '=zeros'"),
        ("numel>=5", "expected a scheme such as xavier_uniform or normal(std=0.02), found '5'"),
    ],
)
def test_a_rule_without_a_scheme_is_an_error(text, problem):
    with pytest.raises(UsageError) as error:
        parse_rule(text)
    assert str(error.value) == problem


@pytest.mark.parametrize(
    ("text", "framework"),
    [("default", None), ("keras.default", "keras"), ("flax_default", "jax"), ("zeros", None)],
)
def test_defaults_name_a_framework(text, framework):
    assert framework_of(text) == framework


def expression(text: str, shape=(256, 20), axes=("out", "in"), dtype="F32") -> np.ndarray:
    return draw(parse_scheme(f"expr: {text}"), 3, "w", shape, dtype, axes)


def test_an_expression_keeps_what_where_keeps():
    values = expression("u = uniform(-10, 10); where(abs(u) >= 5, u, 0)")
    kept = np.abs(values[values != 0])
    assert kept.min() >= 5
    assert kept.max() < 10
    assert abs((values == 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(5120)
    assert abs(values.std() - 5.40062) < 0.2
    assert not np.signbit(values[values == 0]).any()


def test_an_expression_makes_negative_zeros_where_it_multiplies():
    values = expression("u = uniform(-10, 10); u * (abs(u) >= 5)")
    negative = np.signbit(values[values == 0]).mean()
    assert abs(negative - 0.5) < 5 * 0.5 / math.sqrt(2560)


def test_draws_of_one_expression_are_independent():
    values = expression("normal() + 1j * 0 if False else normal() - normal()")
    assert abs(values.std() - math.sqrt(2)) < 5 * math.sqrt(2) * math.sqrt(1 / 5120)
    first, second = expression("normal()"), expression("0 * normal() + normal()")
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 5 / math.sqrt(5120)


def test_an_expression_may_use_fans_shape_and_exact_functions():
    bound = math.sqrt(6 / 276)
    values = expression("b = sqrt(6 / (fan_in + fan_out)); uniform(-b, b)")
    assert 0.99 * bound < np.abs(values).max() <= bound
    assert expression("shape[0] / numel").tolist() == np.full((256, 20), np.float32(0.05)).tolist()
    assert np.array_equal(expression("normal() ** 2"), expression("normal()") ** 2)


def test_an_expression_of_a_range_is_a_slice_of_the_whole():
    from paramctl.init.stream import BLOCK, Stream

    scheme = parse_scheme("expr: clip(normal() * uniform(1, 2), -1, 1)")
    shape = (BLOCK + 100,)
    whole = scheme.values(Stream(0, "w"), shape, (), 0, shape[0])
    part = scheme.values(Stream(0, "w"), shape, (), BLOCK - 5, shape[0])
    assert np.array_equal(part, whole[BLOCK - 5 :])


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        (
            "exp(normal())",
            "exp has other last bits on other processors",
            "exact ones are abs, sqrt, floor, ceil, round, trunc, sign, minimum, maximum, where, "
            "clip",
        ),
        (
            "normal() ** 0.3",
            "values have no power 0.3 (float)",
            "whole exponents from 0 to 64, or 0.5",
        ),
        ("2 ** normal()", "drawn values can't be exponents", ""),
        ("(1, 2)", "expected a number or drawn values, found a tuple", ""),
        ("uniform(1, 0)", "uniform needs finite low <= high, not 1.0 and 0.0", ""),
        ("zzz", "'zzz' is not known here", ""),
        ("abs(1, 2)", "abs takes 1 values, not 2", ""),
        ("sqrt('a')", "sqrt is for numbers, not the text 'a'", ""),
    ],
)
def test_what_an_expression_cant_do_is_underlined(text, problem, hint):
    with pytest.raises(UsageError) as error:
        expression(text)
    first, shown, marks = str(error.value).split("\n")
    assert (first, shown.strip(), error.value.hint) == (f"w: {problem}", text, hint)
    assert set(marks.strip()) == {"^"}
