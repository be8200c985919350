"""Reading a header column by column gives what reading it tensor by tensor gives, or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from paramctl.formats.entries import entries_of, entry_of

_ODD = st.sampled_from([0, 1, 2, 4, 8, -1, 1.0, True, None, "2", 2**64, [], {}])
_FIELDS = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "U8", "F4", "XX", 1]),
        "shape": st.lists(_ODD, max_size=2) | _ODD,
        "data_offsets": st.lists(_ODD, min_size=1, max_size=3) | _ODD,
    },
    optional={"more": st.none()},
)


@given(st.dictionaries(st.sampled_from(["a", "b.running_mean", "c.weight"]), _FIELDS | _ODD))
def test_what_columns_accept_is_what_single_tensors_give(tree):
    found = entries_of(tree, 16, 3)
    if found is not None:
        assert repr(found) == repr([entry_of(name, tree[name], 16, 3) for name in tree])


@given(
    st.lists(st.tuples(st.sampled_from(["F32", "U8", "F4"]), st.lists(st.sampled_from([0, 2, 4]))))
)
def test_columns_accept_tensors_that_lie_in_order(forms):
    tree, position = {}, 0
    for place, (dtype, shape) in enumerate(forms):
        count = 1
        for size in shape:
            count *= size
        nbytes = count * {"F32": 8, "U8": 2, "F4": 1}[dtype] // 2
        if dtype == "F4" and count % 2:
            continue
        tree[f"t{place}"] = {
            "dtype": dtype, "shape": shape, "data_offsets": [position, position + nbytes],
        }  # fmt: skip
        position += nbytes
    assert entries_of(tree, 8, 0) == [entry_of(name, tree[name], 8, 0) for name in tree]


def test_columns_leave_tensors_in_another_order_to_the_slow_way():
    one = {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}
    other = {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}
    assert entries_of({"a": one, "b": other}, 8, 0) is None
