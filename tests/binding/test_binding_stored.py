"""Reading a stored tensor: whole, by rows, by index."""

import numpy as np
import pytest
from hand_built import checkpoint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paramctl.binding.stored import StoredTensor
from paramctl.sources.open import open_source


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    array = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
    path = checkpoint(tmp_path_factory.mktemp("stored") / "t.safetensors", t=array, s=np.float64(7))
    with open_source(path) as source:
        yield source, array


def stored(table, name="t"):
    source, _ = table
    return StoredTensor(source, source.manifest[name])


def test_the_whole_is_the_array(table):
    np.testing.assert_array_equal(stored(table).array(), table[1])


def test_a_scalar_keeps_its_rank(table):
    assert stored(table, "s").array().shape == ()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(st.integers(0, 10), st.integers(0, 10)).map(sorted))
def test_rows_are_those_of_the_array(table, span):
    start, stop = span
    np.testing.assert_array_equal(stored(table).rows(start, stop), table[1][start:stop])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), max_size=6))
def test_rows_by_index_are_those_of_the_array(table, indices):
    indices = np.array(indices, dtype=np.int64).reshape(len(indices), 2)
    np.testing.assert_array_equal(stored(table).take(indices), table[1][indices])


def test_only_the_rows_asked_for_are_read(table, monkeypatch):
    source, _ = table
    read = []
    genuine = type(source).read_into

    def counted(self, name, buffer, start=0):
        read.append((start, len(memoryview(buffer))))
        genuine(self, name, buffer, start)

    monkeypatch.setattr(type(source), "read_into", counted)
    stored(table).take([7, 2, 3, 2])
    assert read == [(2 * 24, 2 * 24), (7 * 24, 24)]
