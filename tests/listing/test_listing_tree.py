"""The tree of a manifest: repeated layers are one node, the odd one out another."""

import pytest

from paramctl.listing.inspection import inspect
from paramctl.listing.tree import collapsed, ranges
from paramctl.manifest import Entry, Manifest


def entries(*names: str, shape=(2, 3), **fields) -> list[Entry]:
    return [Entry(name, "F32", shape, **fields) for name in names]


def labels(nodes) -> list:
    return [(node.label, labels(node.children)) if node.children else node.label for node in nodes]


def test_repeated_layers_are_one_node():
    """``layers.0-31``; its totals are those of all 32."""
    nodes = collapsed(entries(*(f"layers.{n}.w" for n in range(32))))
    assert labels(nodes) == ["layers.0-31.w"]
    assert (nodes[0].tensors, nodes[0].numel, nodes[0].nbytes) == (32, 192, 768)


def test_the_odd_one_out_stands_apart():
    rest = entries(*(f"layers.{n}.w" for n in range(8) if n != 3))
    nodes = collapsed([*rest, *entries("layers.3.w", shape=(5,))])
    assert labels(nodes) == [("layers", ["0-2,4-7.w", "3.w"])]


@pytest.mark.parametrize(
    "odd",
    [
        Entry("h.1.w", "BF16", (2, 3)),
        Entry("h.1.w", "F32", (3, 2)),
        Entry("h.1.w", "F32", (2, 3), kind="buffer"),
        Entry("h.1.w", "F32", (2, 3), tied_to="h.0.w"),
        Entry("h.1.v", "F32", (2, 3)),
        Entry("h.1.w.x", "F32", (2, 3)),
    ],
)
def test_any_difference_makes_a_layer_odd(odd):
    assert len(collapsed([*entries("h.0.w"), odd])[0].children) == 2


def test_layers_within_layers_collapse_too():
    nodes = collapsed(
        entries(*(f"h.{n}.experts.{m}.{w}" for n in range(4) for m in range(8) for w in "ab"))
    )
    assert labels(nodes) == [("h.0-3.experts.0-7", ["a", "b"])]
    assert [child.tensors for child in nodes[0].children] == [32, 32]
    assert nodes[0].numel == 6 * 64


def test_only_numbers_collapse():
    assert labels(collapsed(entries("a.w", "b.w", "00.w", "0.w"))) == ["0.w", "00.w", "a.w", "b.w"]


def test_a_name_may_be_a_path_too():
    nodes = collapsed(entries("a", "a.b"))
    assert labels(nodes) == [("a", ["b"])]
    assert nodes[0].tensors == 2


def test_siblings_are_in_natural_order():
    nodes = collapsed([*entries("h.10.b"), *entries("h.2.a"), *entries("h.1.c")])
    assert labels(nodes) == [("h", ["1.c", "2.a", "10.b"])]


def test_unknown_sizes_make_unknown_totals():
    nodes = collapsed(entries("a.w", shape=(None, 2)) + entries("a.v", shape=(2,)))
    assert (nodes[0].numel, nodes[0].tensors) == (None, 2)


def test_a_hundred_thousand_segments_are_one_path():
    name = ".".join("a" * 100_000)
    assert labels(collapsed(entries(name))) == [name]


def test_ranges():
    assert ranges([0]) == "0"
    assert ranges([0, 1]) == "0-1"
    assert ranges([0, 2, 3, 4, 7]) == "0,2-4,7"


def tied() -> Manifest:
    """An embedding of 20 numbers, its tied head, a buffer and a bias."""
    return Manifest(
        [
            Entry("emb.weight", "BF16", (5, 4)),
            Entry("ids", "I64", (3,), kind="buffer"),
            Entry("bias", "F32", (5,)),
            Entry("head.weight", "BF16", (5, 4), tied_to="emb.weight", shard=-1),
        ]
    )


def test_parameters_are_counted_once_per_tie_as_stored_and_per_name():
    found = inspect(tied(), tied().entries)
    assert (found.unique, found.stored, found.named, found.buffers) == (25, 25, 45, 3)
    assert (found.tensors, found.nbytes) == (3, 40 + 24 + 20)
    assert found.ties == [["emb.weight", "head.weight"]]


def test_an_alias_alone_has_parameters_but_stores_none():
    manifest = tied()
    found = inspect(manifest, [manifest["head.weight"]])
    assert (found.unique, found.stored, found.named, found.tensors) == (20, 0, 20, 0)
    assert found.ties == [["emb.weight", "head.weight"]]


def test_dtypes_come_by_bytes():
    shares = inspect(tied(), tied().entries).dtypes
    assert [(dtype, *vars(share).values()) for dtype, share in shares.items()] == [
        ("BF16", 1, 20, 40),
        ("I64", 1, 3, 24),
        ("F32", 1, 5, 20),
    ]
