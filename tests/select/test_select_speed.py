"""Selecting is linear: in names, in their length, and in the stars of a pattern."""

import pytest

from paramctl.manifest import Entry, Manifest
from paramctl.select.choose import choose
from paramctl.select.grammar import parse

STARS = "*a*a*a*a*a*a*a*b"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (STARS, "a" * 100_000),
        ("**.a.**.a.**.a.**.b", "a." * 100_000 + "a"),
        ("^**.x.**.y.**.z$", "x.y." * 50_000),
        ("*{a,aa}*{a,aa}*{a,aa}*b", "a" * 20_000),
        ("?*?*?*?*?*b", "a" * 100_000),
    ],
)
def test_long_names_do_not_make_a_glob_backtrack(pattern, name):
    assert not parse(pattern).matches(name)


def test_a_name_of_ten_million_characters_is_chosen():
    name = "a" * 10_000_000
    manifest = Manifest([Entry(name, "F32", ()), Entry("b", "F32", ())])
    assert [entry.name for entry in choose(manifest, ["a*"])] == [name]


def test_a_hundred_thousand_names_are_searched():
    manifest = Manifest(
        Entry(f"layers.{n // 10}.part{n % 10}.weight", "F32", (2,)) for n in range(100_000)
    )
    assert len(choose(manifest, ["layers.{0..9}.part*.weight & dtype:f32 & !layer:3"])) == 90
