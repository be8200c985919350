"""How a diff is told to people: places, words that fit, and a verdict first in a comment."""

import math
from dataclasses import replace

import pytest

from paramctl.diff.change import Change
from paramctl.figures.comparison import Comparison
from paramctl.manifest import Entry
from paramctl.report.diff_places import percent, places
from paramctl.report.diff_stat import stat
from paramctl.report.plain import width_of
from paramctl.report.screen import Screen


def change(name, size=0.5, *, status="changed", to=None, explanation=""):
    entry = Entry(name, "F32", (4, 4))
    figures = Comparison(
        numel=16, differing=8, max_abs=1.5, mean_abs=0.1, rel_l2=size, cosine=1.0, is_equal=False
    )
    return Change(
        name, status, (name,), entry, entry, to,
        figures if status in ("changed", "retyped") else None, explanation=explanation,
    )  # fmt: skip


def layered(sizes, rest="mlp.weight", **options):
    return [change(f"model.layers.{n}.{rest}", size, **options) for n, size in enumerate(sizes)]


def lines(changes, width):
    ordered = sorted(changes, key=lambda one: -one.weight)
    return list(stat(places(ordered), Screen(is_terminal=True, width=width)))


def test_layers_share_a_line_with_the_range_of_their_changes():
    assert lines(layered([0.1, 0.1, 0.2]), 120) == [
        " model.layers.{0..2}.mlp.weight | 3 changed 50% of 48, max 1.5, relative 0.1 to 0.2 "
        "~~~~~~~~~~~~~~~~~~~~~~~~"
    ]


def test_the_layer_that_stands_out_is_named():
    (line,) = lines(layered([0.001, 0.002, 0.5, 0.001]), 120)
    assert "relative 0.001 to 0.5 (layer 2)" in line


def test_what_is_too_wide_is_said_in_fewer_words_and_then_below_the_name():
    changes = layered([0.1, 0.2, 0.1])
    assert lines(changes, 80) == [
        " model.layers.{0..2}.mlp.weight | 3 changed 50%, relative 0.1 to 0.2 ~~~~~~~~~~~"
    ]
    assert lines(changes, 60) == [
        " model.layers.{0..2}.mlp.weight",
        "    3 changed 50%, relative 0.1 to 0.2 ~~~~~~~~~~~~~~~~~~~~~",
    ]


@pytest.mark.parametrize("width", [80, 100, 132, 200])
def test_lines_fit_the_terminal(width):
    changes = [*layered([0.1, 0.01]), *layered([1.0, 1e-9], "a" * 30, explanation="rank 8"),
               change("lm_head.weight", to="head.weight"), change("x", status="added")]  # fmt: skip
    assert all(width_of(line) <= width for line in lines(changes, width))


def test_new_names_are_told_as_a_selection():
    moved = [change(f"a.{n}.w", to=f"b.{n}.w") for n in range(3)]
    assert ", now b.{0..2}.w " in lines(moved, 200)[0]
    renamed = [change(f"a.{n}.w", status="renamed", to=f"b.{n}.w") for n in range(3)]
    assert lines(renamed, 200) == [" a.{0..2}.w | 3 renamed to b.{0..2}.w"]


def test_two_kinds_of_explanation_are_told_and_more_are_hinted_at():
    told = [change(f"a.{n}.w", explanation=f"rank {n}") for n in range(3)]
    assert "rank 0; rank 1; …" in lines(told, 200)[0]


def test_what_explains_one_layer_is_not_said_of_the_others():
    told = [change(f"a.{n}.w", explanation="now zero" * (n == 1)) for n in range(3)]
    assert [line.partition(" ~")[0].rstrip() for line in lines(told, 200)] == [
        " a.{0,2}.w | 2 changed 50% of 32, max 1.5, relative 0.5",
        " a.1.w     | changed 50% of 16, max 1.5, relative 0.5, now zero",
    ]


def test_explanations_stand_in_the_order_of_the_layers_however_large():
    told = [change(f"a.{n}.w", n / 10, explanation=f"what a.{3 - n} was") for n in (1, 2)]
    assert ", what a.2 was; what a.1 was " in lines(told, 200)[0]


def test_layers_with_nan_and_with_infinities_are_told_apart():
    found = [change(f"a.{n}.w", 0.0) for n in range(3)]
    broken = [
        replace(one, figures=replace(one.figures, max_abs=0.0, **{key: (0, 1)}))
        for one, key in zip(found, ("nan", "inf", "nan"), strict=True)
    ]
    assert [line.partition("~")[0].rstrip() for line in lines(broken, 200)] == [
        " a.{0,2}.w | 2 changed 50% of 32, 2 NaN",
        " a.1.w     | changed 50% of 16, 1 Inf",
    ]


def test_bars_below_names_begin_in_one_column():
    found = lines([change("a" * 60, 0.5), change("b" * 60, 0.125)], 70)
    assert len({line.index("~") for line in found[1::2]}) == 1


def test_a_long_explanation_is_broken_between_words():
    told = ", ".join(f"part{n}" for n in range(30))
    found = lines([change("w" * 30, explanation=told)], 80)
    assert max(map(width_of, found)) <= 80
    assert " ".join(line.strip(" ~") for line in found).endswith(told)


@pytest.mark.parametrize(
    ("count", "total", "text"),
    [
        (1, 3, "33.3%"),
        (3, 3, "100%"),
        (99_999, 100_000, ">99.9%"),
        (0, 0, "0%"),
        (1, 10**9, "1e-07%"),
    ],
)
def test_a_share_never_claims_all_for_less_than_all(count, total, text):
    assert percent(count, total) == text


def test_hostile_names_are_escaped_on_a_line():
    (line,) = lines([change("\x1b[31m", to="\u202ex")], 200)
    assert line.startswith(" \\x1b[31m | ")
    assert "now \\u{202e}x" in line


def test_numbers_that_became_nan_are_the_largest_change_and_told():
    before, after = change("a.w", 0.9), change("b.w", 0.0)
    broken = replace(after, figures=replace(after.figures, nan=(0, 2), inf=(3, 1)))
    first, _ = lines([before, broken], 120)
    assert first.startswith(" b.w | changed 50% of 16, max 1.5, 2 NaN, 1 Inf instead of 3")
    assert broken.weight == math.inf


def cast(name, shape=(4, 4)):
    before, after = Entry(name, "F32", shape), Entry(name, "BF16", shape)
    return Change(name, "cast", (name,), before, after, figures=Comparison(numel=16))


def test_many_casts_are_one_line_and_few_are_told_one_by_one():
    """Of a whole model in another dtype there is nothing to tell but that."""
    few = [cast(f"layers.{n}.{rest}") for n in range(3) for rest in "abcd"]
    assert lines(few, 80)[0] == " layers.{0..2}.a | 3 cast F32 to BF16"
    assert lines([*few, cast("head"), change("x")], 80) == [
        " x        | changed 50% of 16, max 1.5, relative 0.5 ~~~~~~~~~~~~~~~~~~~~~~~~",
        " 5 places | 13 cast F32 to BF16",
    ]
