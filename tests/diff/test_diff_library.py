"""Diffs of checkpoints in memory: statuses, ties, renames, gates."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_source import MemorySource

from paramctl.diff.change import Violation
from paramctl.diff.diff import diff
from paramctl.diff.gates import Gates
from paramctl.errors import SelectionError, UsageError
from paramctl.figures.rule import Rule
from paramctl.manifest import Manifest


class Model(MemorySource):
    """Arrays, and names tied to them."""

    def __init__(self, arrays, ties=()):
        super().__init__()
        for name, array in arrays.items():
            self.bytes.update(MemorySource(x=array).bytes and {name: np.asarray(array).tobytes()})
            self.entries[name] = MemorySource(x=array)["x"]._replace(name=name)
        for alias, kept in dict(ties).items():
            self.entries[alias] = self.entries[kept]._replace(name=alias, tied_to=kept)

    @property
    def manifest(self):
        return Manifest(self.entries.values())


def draw(seed, shape=(3, 4), dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


W, V = draw(0), draw(1)


def statuses(found):
    return {change.name: change.status for change in found.changes}


def test_equal_checkpoints_have_no_changes():
    found = diff(Model({"a": W, "b": V}), Model({"b": V, "a": W}))
    assert (found.is_equal, found.fails, found.changes, found.summary) == (True, False, (), {})
    assert found.compared == 2


def test_every_status_of_a_plain_tensor():
    a = {"changed": W, "reshaped": W, "retyped": W, "cast": W, "removed": draw(5, (2,)), "same": V}
    b = {
        "changed": V,
        "reshaped": W.reshape(4, 3),
        "retyped": V.astype(np.float16),
        "cast": W.astype(np.float16),
        "added": draw(6, (2,)),
        "same": V,
    }
    found = diff(Model(a), Model(b))
    assert statuses(found) == {name: name for name in {*a, *b} - {"same"}}
    assert found.summary == dict.fromkeys(
        ["added", "removed", "changed", "reshaped", "retyped", "cast"], 1
    )


def test_a_cast_is_no_difference_in_value_mode():
    found = diff(Model({"x": W}), Model({"x": W.astype(np.float16)}), rule=Rule("value"))
    assert statuses(found) == {"x": "cast"}
    assert found.is_equal


def test_another_dtype_within_the_tolerance_is_equal_in_value_mode():
    other = (W + np.float32(1e-3)).astype(ml_dtypes.bfloat16)
    assert not diff(Model({"x": W}), Model({"x": other}), rule=Rule("value", 0.1)).changes
    assert statuses(diff(Model({"x": W}), Model({"x": other}), rule=Rule("value"))) == {
        "x": "retyped"
    }


def test_changes_come_in_natural_order():
    names = [f"layer.{place}.w" for place in (10, 9, 2)]
    found = diff(Model(dict.fromkeys(names, W)), Model(dict.fromkeys(names, V)))
    assert [change.name for change in found.changes] == names[::-1]


def test_bytes_under_another_name_are_renamed():
    found = diff(Model({"model.x": W, "y": V}), Model({"x": W, "y": V}))
    assert [(c.name, c.status, c.to) for c in found.changes] == [("model.x", "renamed", "x")]
    assert not found.is_equal


def test_equal_tensors_are_renamed_by_their_endings():
    a = {f"h.{place}.norm": np.ones(3, np.float32) for place in range(3)}
    b = {f"model.layers.{place}.norm": np.ones(3, np.float32) for place in range(3)}
    found = diff(Model(a), Model(b))
    assert [(c.name, c.to) for c in found.changes] == list(zip(a, b, strict=True))


def test_renames_may_be_left_alone():
    found = diff(Model({"a": W}), Model({"b": W}), renames=False)
    assert statuses(found) == {"a": "removed", "b": "added"}


def test_only_possible_renames_are_read():
    a, b = Model({"a": W, "c": V[0]}), Model({"b": draw(3), "d": V})
    reads = []
    read = a.read_into
    a.read_into = lambda name, *rest: (reads.append(name), read(name, *rest))
    diff(a, b)
    assert set(reads) == {"a"}


def test_a_map_pairs_other_names():
    a, b = Model({"x": W, "y": V}), Model({"y": W, "x": V})
    assert diff(a, b, to={"x": "y", "y": "x"}).is_equal
    found = diff(Model({"x": W, "y": V}), Model({"y": W}), to={"x": "y"})
    assert statuses(found) == {"y": "removed"}


def test_a_tie_kept_under_another_name_is_no_difference():
    a = Model({"embed": W}, {"head": "embed"})
    b = Model({"head": W}, {"embed": "head"})
    assert diff(a, b).changes == ()
    assert diff(a, b).compared == 1


def test_a_tied_tensor_is_reported_once_with_all_its_names():
    ties = {"head": "embed"}
    found = diff(Model({"embed": W}, ties), Model({"embed": V}, ties))
    assert [(c.name, c.names) for c in found.changes] == [("embed", ("embed", "head"))]


def test_an_alias_stored_apart_with_equal_values_is_retied():
    tied, apart = Model({"embed": W}, {"head": "embed"}), Model({"embed": W, "head": W})
    assert statuses(diff(tied, apart)) == {"head": "retied"}
    assert statuses(diff(apart, tied)) == {"head": "retied"}
    assert not diff(tied, apart).is_equal


def test_an_alias_stored_apart_with_other_values_is_changed():
    tied, apart = Model({"embed": W}, {"head": "embed"}), Model({"embed": W, "head": V})
    assert statuses(diff(tied, apart)) == {"head": "changed"}


def test_a_further_alias_is_added():
    found = diff(Model({"embed": W}), Model({"embed": W}, {"head": "embed"}))
    assert statuses(found) == {"head": "added"}


def test_selections_look_at_both_sides():
    a, b = Model({"x.w": W, "y.w": W}), Model({"x.w": V, "z.w": V})
    assert statuses(diff(a, b, ["x"])) == {"x.w": "changed"}
    assert statuses(diff(a, b, ["z"])) == {"z.w": "added"}


def test_a_selection_that_matches_nothing_is_an_error():
    with pytest.raises(SelectionError) as error:
        diff(Model({"x": W}), Model({"x": W}), ["decoder"])
    assert str(error.value) == "'decoder' selects none of 1 tensors"


def test_comparing_no_tensors_is_an_error():
    with pytest.raises(UsageError) as error:
        diff(Model({}), Model({}))
    assert str(error.value) == "there is no tensor to compare"


A = {"q.weight": W, "v.weight": W, "norm": V, "head": V}


@pytest.mark.parametrize(
    ("b", "gates", "expected"),
    [
        ({**A, "q.weight": V}, Gates(allow=("q",)), []),
        ({**A, "q.weight": V}, Gates(allow=("v",)), [("allow", "q.weight")]),
        ({**A, "q.weight": V}, Gates(must_change=("q", "v")), [("must-change", "v.weight")]),
        (A, Gates(must_change=("**",)), [("must-change", name) for name in sorted(A)]),
        ({**A, "norm": W[0]}, Gates(forbid=("norm",)), [("forbid", "norm")]),
        ({**A, "head": W[0]}, Gates(forbid=("norm",)), []),
        (
            {**A, "q.weight": W.astype(np.float16)},
            Gates(allow=("q",), must_change=("q",)),
            [("must-change", "q.weight")],
        ),
    ],
    ids=range(7),
)
def test_gates(b, gates, expected):
    found = diff(Model(A), Model(b), gates=gates)
    assert found.violations == tuple(Violation(*pair) for pair in expected)
    assert found.fails == bool(expected)


def test_a_gate_speaks_of_a_tied_tensor_under_any_of_its_names():
    ties = {"head": "embed"}
    a, b = Model({"embed": W}, ties), Model({"embed": V}, ties)
    gates = Gates(allow=("head",), must_change=("embed", "head"))
    assert diff(a, b, gates=gates).violations == ()
    forbidden = diff(a, b, gates=Gates(forbid=("head",)))
    assert forbidden.violations == (Violation("forbid", "embed"),)


def test_a_gate_that_matches_nothing_is_an_error():
    with pytest.raises(SelectionError):
        diff(Model(A), Model(A), gates=Gates(must_change=("decoder",)))


STATES = st.dictionaries(
    st.sampled_from(["a", "b", "c.w", "c.b"]),
    st.sampled_from([W, V, V.T, W.astype(np.float16), np.zeros((0,), np.int32)]),
    min_size=1,
)
MIRROR = {"added": "removed", "removed": "added"}


@given(STATES, STATES)
@settings(max_examples=50, deadline=None)
def test_the_diff_backwards_mirrors_the_diff(a, b):
    there = diff(Model(a), Model(b), renames=False)
    back = diff(Model(b), Model(a), renames=False)
    assert {n: MIRROR.get(s, s) for n, s in statuses(there).items()} == statuses(back)
    assert [c.figures and c.figures.max_abs for c in there.changes] == [
        c.figures and c.figures.max_abs for c in back.changes
    ]


@given(STATES)
@settings(max_examples=20, deadline=None)
def test_nothing_differs_from_itself(a):
    assert diff(Model(a), Model(a)).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"y": "x"}, "tied to x"),
        ({"y": "x"}, {}, "no longer tied to x"),
        ({"y": "x"}, {"y": "w"}, "tied to w instead of x"),
    ],
)
def test_ties_gained_and_lost_say_to_what(before, after, told):
    arrays = {"w": W, "x": W}

    def model(ties):
        return Model(arrays if "y" in ties else {**arrays, "y": W}, ties)

    (change,) = diff(model(before), model(after)).changes
    assert (change.name, change.status, change.explanation) == ("y", "retied", told)
