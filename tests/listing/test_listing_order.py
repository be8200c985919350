"""Ordering names layer by layer gives the order of names one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.listing import order
from paramctl.listing.layers import layers_of
from paramctl.listing.order import natural_places
from paramctl.names import natural_key

SEGMENTS = st.sampled_from(
    ["0", "1", "2", "10", "00", "01", "h", "w", "1-a", "", "é", "٣", "9" * 20]
)
PATHS = st.lists(SEGMENTS, max_size=3).map(".".join)
RESTS = st.lists(PATHS, min_size=1, max_size=6)
LAYERS = st.lists(st.sampled_from(["h.0.", "h.1.", "h.2.", "h.10.", "h.00.", "0.", "h.w."]))


@st.composite
def many_names(draw) -> list[str]:
    """Layers with what all of them have, and some names of their own."""
    rests = draw(RESTS) * draw(st.integers(1, 3))
    names = [layer + rest for layer in draw(LAYERS) for rest in rests] + draw(RESTS)
    names = list(dict.fromkeys(names))
    return draw(st.permutations(names)) if draw(st.booleans()) else names


@given(many_names())
@settings(max_examples=300)
def test_the_order_is_that_of_the_names_one_by_one(names):
    wanted = sorted(range(len(names)), key=lambda place: natural_key(names[place]))
    assert natural_places(names) == wanted


@given(many_names())
def test_every_name_is_in_one_run_or_in_none(names):
    layers, others = layers_of(names)
    found = {place: names[place] for place in others}
    for path, numbers in layers.items():
        for number, runs in numbers.items():
            for run in runs:
                pairs = zip(run.places, run.rests, strict=True)
                found |= {place: f"{path}{number}.{rest}" for place, rest in pairs}
    assert found == dict(enumerate(names))


def test_layers_that_are_alike_are_ordered_once(monkeypatch):
    keyed = []
    was = order.natural_keys
    monkeypatch.setattr(order, "natural_keys", lambda some: keyed.append(len(some)) or was(some))
    names = [f"h.{layer}.{part}.w" for layer in range(100) for part in range(10)]
    assert natural_places(names) == list(range(1000))
    assert keyed == [100, 10]
