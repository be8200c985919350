"""The order in which names are listed, and how they are escaped."""

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from paramctl import names as module
from paramctl.names import (
    escape,
    layer_segment,
    natural_key,
    natural_keys,
    natural_order,
    show,
)


def test_numbers_go_by_value():
    assert natural_order(["h.10.w", "h.9.w", "h.2.w", "a", "h.2"]) == [
        "a", "h.2", "h.2.w", "h.9.w", "h.10.w",
    ]  # fmt: skip


@given(st.lists(st.text(st.sampled_from("a1.0b29-٣")), unique=True).flatmap(st.permutations))
def test_the_order_is_the_same_whatever_the_order_before(names):
    assert natural_order(names) == natural_order(sorted(names))


def test_numbers_of_any_length_have_an_order():
    names = ["9" * 5_000, "8" * 5_000, "7"]
    assert natural_order(names) == ["7", "8" * 5_000, "9" * 5_000]


@given(st.text())
def test_escaped_text_is_one_line_of_printing_characters(name):
    assert all(character == " " or character.isprintable() for character in escape(name))


@given(st.text(max_size=500))
def test_short_names_are_shown_whole(name):
    assert show(name) == escape(name)


def test_the_layer_of_a_name_is_its_first_number():
    assert layer_segment("model.layers.3.experts.7.w") == ("model.layers", 3)
    assert layer_segment("0.weight") == ("", 0)
    assert layer_segment("a1.b") is None
    assert layer_segment(f"a.{'9' * 19}.4") == (f"a.{'9' * 19}", 4)


_TEXTS = st.lists(
    st.sampled_from(["a", "b", ".", "-", "0", "1", "9", "00", "~", "!", " ", "é", "3" * 27])
)


@given(st.lists(_TEXTS.map("".join)), st.integers(1, 4))
def test_keys_made_together_order_as_keys_made_one_by_one(names, together):
    with mock.patch.object(module, "_TOGETHER", together):
        keys = natural_keys(names)
    assert sorted(range(len(names)), key=keys.__getitem__) == sorted(
        range(len(names)), key=lambda place: natural_key(names[place])
    )
