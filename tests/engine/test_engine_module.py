"""The tree: names, ties, index access, selection by type."""

import copy

import pytest

from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.unknown import Unknown
from paramctl.errors import UsageError
from paramctl.expression.errors import LanguageError


def linear(path: str, out: int = 8, taken: int = 8) -> Module:
    return Module(
        "Linear",
        path,
        parameters={
            "weight": Parameter(f"{path}.weight", (out, taken), axes=("out", "in")),
            "bias": Parameter(f"{path}.bias", (out,), axes=("out",)),
        },
    )


def sequential(path: str, *children: Module, name: str = "{i}") -> Module:
    return Module("Sequential", path, {name.format(i=i): c for i, c in enumerate(children)})


def relu(path: str) -> Module:
    return Module("ReLU", path)


def tied() -> Module:
    """4-8-8-8-1 with the middle layer in two places."""
    shared = linear("2")
    return sequential(
        "", linear("0", 8, 4), relu("1"), shared, relu("3"), shared, relu("5"), linear("6", 1, 8)
    )


def test_names_are_dotted_paths_in_definition_order():
    net = sequential("", linear("0"), relu("1"), linear("2"))
    assert [name for name, _ in net.named_parameters()] == [
        "0.weight", "0.bias", "2.weight", "2.bias",
    ]  # fmt: skip


def test_a_module_in_two_places_is_one_and_its_parameters_are_tied():
    net = tied()
    assert net[2] is net[4]
    assert net.ties() == [["2.weight", "4.weight"], ["2.bias", "4.bias"]]
    assert len(list(net.named_parameters())) == 8
    assert sum(p.numel for _, p in net.named_parameters()) == 193
    assert sum(p.numel for _, p in net.unique_parameters()) == 121


def test_a_parameter_may_be_tied_between_two_modules():
    one, other = linear("1"), linear("2")
    other.parameters["weight"] = one.weight
    net = sequential("", one, other)
    assert net["1.weight"] is net["0.weight"]
    assert net[0] is not net[1]
    assert net.ties() == [["0.weight", "1.weight"]]


def test_a_copy_keeps_its_ties_and_shares_nothing():
    net = tied()
    other = copy.deepcopy(net)
    assert other["2.weight"] is other["4.weight"]
    assert other["2.weight"] is not net["2.weight"]


def nested() -> Module:
    block = [
        sequential(f"0.block {i}", linear(""), relu(""), linear(""), relu("")) for i in range(4)
    ]
    return sequential("", sequential("0", *block, name="block {i}"), linear("1", 1, 4))


def test_index_access_reaches_a_nested_bias():
    net = nested()
    assert net[0][1][0].bias is net["0.block 1.0.bias"]
    assert net[-1].weight is net["1.weight"]


def test_a_slice_is_a_sequence_of_the_same_modules():
    net = tied()
    part = net[0:2]
    assert len(part) == 2
    assert part[0] is net[0]


def test_an_index_out_of_range_says_how_many_there_are():
    net = sequential("", linear("0"), relu("1"), linear("2"))
    with pytest.raises(UsageError) as caught:
        net[3]
    assert str(caught.value) == "index 3 is out of range: model (Sequential) has 3 children"


def test_a_wrong_path_offers_near_names():
    net = sequential("", linear("0"))
    with pytest.raises(UsageError) as caught:
        net["0.wieght"]
    assert str(caught.value) == "0 (Linear) has no 'wieght'"
    assert caught.value.hint == "near names: weight"


def test_a_name_that_was_left_out_is_none():
    layer = linear("fc")
    layer.parameters["bias"] = None
    assert layer.bias is None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]


def test_modules_of_a_type_are_listed_once():
    assert [path for path, _ in tied().of_type("Linear")] == ["0", "2", "6"]


def test_a_name_with_dots_inside_is_found():
    inner = linear("a.b")
    net = Module("Net", "", {"a.b": inner})
    assert net["a.b.weight"] is inner.weight


def test_an_activation_has_no_parameters():
    assert list(relu("1").named_parameters()) == []


def test_settling_learns_unknown_sizes_and_where_they_came_from():
    weight = Parameter("0.weight", (256, Unknown("in_features")), axes=("out", "in"))
    assert weight.is_deferred
    assert weight.numel is None
    weight.settle((256, 20), "the input x")
    assert weight.shape == (256, 20)
    assert weight.origins == ("", "the input x")


def test_a_contradiction_shows_both_sides():
    weight = Parameter(
        "1.weight", (10, 128), axes=("out", "in"), origins=("", "the spec (net.yaml:9)")
    )
    with pytest.raises(LanguageError) as caught:
        weight.settle((10, 256), "the layer before it (0)")
    assert caught.value.message == (
        "1.weight: size of 'in' is 128 by the spec (net.yaml:9), 256 by the layer before it (0)"
    )


def test_a_wrong_rank_shows_both_shapes():
    with pytest.raises(LanguageError) as caught:
        Parameter("b", (4,)).settle((4, 1), "the checkpoint")
    assert caught.value.message == "b is [4], and [4, 1] from the checkpoint"
