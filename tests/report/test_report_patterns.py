"""Names that differ in numbers only, as one selection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramctl.manifest import Entry, Manifest
from paramctl.report.patterns import grouped
from paramctl.select.choose import choose


def titles(*names, kinds=None):
    return [group.title for group in grouped(names, kinds or [0] * len(names))]


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["a.3.w"], "a.3.w"),
        (["a.0.w", "a.1.w", "a.2.w"], "a.{0..2}.w"),
        (["a.0.w", "a.1.w"], "a.{0,1}.w"),
        (["a.10.w", "a.2.w", "a.5.w"], "a.{2,5,10}.w"),
        ([f"a.{n}.w" for n in range(0, 20, 2)], "a.*.w"),
        ([f"a.{n}.e.{k}.w" for n in range(4) for k in range(3)], "a.{0..3}.e.{0..2}.w"),
        (["a.0.e.0", "a.1.e.1"], "a.*.e.*"),
        (["0", "1", "2"], "{0..2}"),
        (["a.01", "a.02", "a.03"], "a.{01,02,03}"),
    ],
)
def test_names_of_one_form_share_a_title(names, title):
    assert titles(*names) == [title]


def test_other_words_or_kinds_keep_names_apart():
    assert titles("a.0.w", "a.1.b", "a.1.w") == ["a.{0,1}.w", "a.1.b"]
    assert titles("a.0.w", "a.1.w", kinds=["new", "old"]) == ["a.0.w", "a.1.w"]


@pytest.mark.parametrize("name", ["a.0.[x]", "a.0.x y", "a.0.*", "a.0.\x1b", 'a.0."', "a.0.{b}"])
def test_names_that_a_selection_would_take_for_something_else_stay_alone(name):
    assert titles(name, name.replace("0", "1")) == [name, name.replace("0", "1")]


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "0", "1", "2", "7", "12"]), min_size=1, max_size=4),
        min_size=1, max_size=12, unique_by=tuple,
    )
)  # fmt: skip
def test_a_title_selects_every_name_behind_it(segments):
    names = [".".join(parts) for parts in segments]
    manifest = Manifest([Entry(name, "F32", (1,)) for name in names])
    groups = grouped(names, [0] * len(names))
    assert sorted(place for group in groups for place in group.places) == list(range(len(names)))
    for group in groups:
        chosen = {entry.name for entry in choose(manifest, [group.title])}
        assert {names[place] for place in group.places} <= chosen
