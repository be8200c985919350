"""Leaving out layers that have a twin changes nothing about the tree."""

from hypothesis import given
from hypothesis import strategies as st

from paramctl.listing import tree
from paramctl.listing.layers import Twins, without_twins
from paramctl.manifest import Entry

SEGMENTS = st.sampled_from(["0", "1", "2", "10", "00", "h", "w", "", "\0"])
REST = st.lists(SEGMENTS, max_size=2).map(lambda parts: "".join(f".{part}" for part in parts))
FORM = st.sampled_from([("F32", (2,), "parameter"), ("BF16", (3,), "parameter")])
TIED = st.sampled_from([None, None, None, "h.0.w", "h.1.w"])
RESTS = st.lists(st.tuples(REST, FORM, TIED), max_size=4)
LAYERS = st.lists(st.sampled_from(["h.0", "h.1", "h.2", "h.10", "h.00", "0", "1", "w"]))


@st.composite
def models(draw) -> list[Entry]:
    """Layers with what all of them have, and some names of their own."""
    found = {}
    shared = draw(RESTS)
    for layer in draw(LAYERS):
        for rest, form, tied in shared:
            found[layer + rest] = Entry(layer + rest, *form, tied)
    for layer, (rest, form, tied) in zip(draw(LAYERS), draw(RESTS), strict=False):
        found[layer + rest] = Entry(layer + rest, *form, tied)
    return draw(st.permutations(list(found.values()))) if draw(st.booleans()) else [*found.values()]


@given(models())
def test_the_tree_is_the_same_as_if_every_layer_had_grown(entries):
    was = tree.without_twins
    try:
        tree.without_twins = lambda some: Twins(list(some), [])
        wanted = tree.collapsed(entries)
    finally:
        tree.without_twins = was
    assert tree.collapsed(entries) == wanted


def test_twins_have_the_lowest_number():
    names = ["h.10.w", "h.2.w", "h.1.v"]
    found = without_twins([Entry(name, "F32", (2,)) for name in names])
    assert [entry.name for entry in found.entries] == ["h.1.v", "h.2.w"]
    assert found.same == [("h.", "10", "2")]


def test_a_layer_whose_own_name_is_a_tensor_has_no_twin():
    names = ["h.0.w", "h.1.w", "h.1"]
    found = without_twins([Entry(name, "F32", (2,)) for name in names])
    assert sorted(entry.name for entry in found.entries) == sorted(names)
