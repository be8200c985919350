"""Values at an index, beside NumPy's."""

import itertools

import numpy as np
import pytest
import spell

from paramctl.errors import UsageError
from paramctl.listing import values as reading
from paramctl.listing.index import find, parse_index
from paramctl.listing.values import values
from paramctl.sources.open import open_source

ARRAYS = {
    "a": np.arange(60, dtype="<f4").reshape(5, 4, 3),
    "s": np.array(3, "<f4"),
    "z": np.zeros((3, 0, 2), "<f4"),
    "v": np.arange(10, dtype="<f4"),
    "w[0]": np.arange(4, dtype="<f4"),
}
ITEMS = ["0", "-1", "3", "9", ":", "::-1", "1:3", "::2", "4:0:-2", "..."]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("values") / "m.safetensors"
    path.write_bytes(spell.checkpoint({name: spell.f32(array) for name, array in ARRAYS.items()}))
    with open_source(path) as opened:
        yield opened


def indices():
    """Every index of up to two of the items, and some longer ones."""
    yield from (",".join(items) for n in (1, 2) for items in itertools.product(ITEMS, repeat=n))
    yield from ["1,::-1,1:3", "...,0,0", "1:3,...,::2", " 1 , 0:2 ", "0,0,0", "0,0,0,0"]


@pytest.mark.parametrize("block", [1 << 22, 50])
@pytest.mark.parametrize("name", ARRAYS)
def test_an_index_gives_what_numpy_gives(source, name, block, monkeypatch):
    monkeypatch.setattr(reading, "_BLOCK", block)
    for text in indices():
        try:
            wanted = eval(f"array[{text}]", {"array": ARRAYS[name]})
        except IndexError:
            with pytest.raises(UsageError):
                values(source, *find(f"{name}[{text}]", source.manifest))
            continue
        found = values(source, *find(f"{name}[{text}]", source.manifest))
        assert found.shape == wanted.shape, text
        assert np.array_equal(found, wanted), text


def test_without_an_index_it_is_the_whole_tensor(source):
    for name, array in ARRAYS.items():
        assert np.array_equal(values(source, *find(name, source.manifest)), array)


def test_the_exact_name_comes_first_then_the_last_bracket(source):
    assert np.array_equal(values(source, *find("w[0]", source.manifest)), ARRAYS["w[0]"])
    assert values(source, *find("w[0][-1]", source.manifest)) == 3


def test_a_row_is_read_without_the_rest(source, monkeypatch):
    read = []
    original = type(source).read_into
    monkeypatch.setattr(
        type(source),
        "read_into",
        lambda self, name, buffer, start=0: (
            read.append((start, memoryview(buffer).nbytes)),
            original(self, name, buffer, start),
        ),
    )
    values(source, *find("a[3]", source.manifest))
    values(source, *find("a[2,1:3,0]", source.manifest))
    assert read == [(144, 48), (108, 24)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a[5]", "a: index 5 is outside axis 0, which has 5"),
        ("a[0,-5]", "a: index -5 is outside axis 1, which has 4"),
        ("a[0,0,0,0]", "a: an index of 4 items for 3 axes"),
        ("s[0]", "s: an index of 1 items for 0 axes"),
        ("a[x]", "expected a number, a slice such as 2:5, or '...' in '[x]', found 'x'"),
        ("a[]", "expected a number, a slice such as 2:5, or '...' in '[]', found nothing"),
        ("a[1,]", "expected a number, a slice such as 2:5, or '...' in '[1,]', found nothing"),
        ("a[::0]", "the step of '::0' is zero"),
        ("a[...,...]", "'[...,...]' has more than one '...'"),
        ("b[0]", "no tensor named 'b'"),
        ("a[0", "no tensor named 'a[0'"),
    ],
)
def test_what_an_index_can_get_wrong(source, text, error):
    with pytest.raises(UsageError) as caught:
        values(source, *find(text, source.manifest))
    assert str(caught.value) == error


def test_no_index_is_evaluated():
    with pytest.raises(UsageError):
        parse_index("__import__('os').getcwd()")
