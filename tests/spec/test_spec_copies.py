"""Repeated layers are copied where they may be, and nobody can tell; too many are refused."""

import numpy as np
import pytest
from spec.spec_runs import built, fill, run, write

from paramctl.errors import SpecError

BLOCKS = (
    "paramctl: 1\nblocks:\n  B:\n    args: {n: required}\n    modules:\n"
    "      a: Linear(n, n)\n      act: tanh\n      inner: Repeat(2, LayerNorm(n))\n"
    "    forward: return x + act(inner(a(x)))\n"
)


def facts(module):
    return [
        (name, p.name, p.shape, p.axes, p.init, p.origins) for name, p in module.named_parameters()
    ]


def drawn(name, shape):
    return np.random.default_rng(len(name) + 7 * sum(shape)).normal(size=shape)


def test_copies_are_what_evaluation_gives(tmp_path):
    spec, copied = built(write(tmp_path, BLOCKS + "model: Repeat(3, B(4))\n"))
    _, anew = built(write(tmp_path, BLOCKS + "model: Repeat(3, B(4 + 0 * i))\n"))
    assert facts(copied) == facts(anew)
    assert [path for path, _ in copied.named_modules()] == [
        path for path, _ in anew.named_modules()
    ]
    assert [m.path for _, m in copied.named_modules()] == [m.path for _, m in anew.named_modules()]
    results = []
    for module in (copied, anew):
        fill(module, drawn)
        results.append(run(spec, module, x=np.ones((2, 4))).array)
    np.testing.assert_array_equal(*results)


def test_every_copy_has_parameters_of_its_own(tmp_path):
    _, net = built(write(tmp_path, BLOCKS + "model: Repeat(3, B(4))\n"))
    assert net.ties() == []
    _, shared = built(write(tmp_path, BLOCKS + "model: Repeat(3, B(4), shared=True)\n"))
    assert len(shared.ties()) == len(list(shared["0"].named_parameters()))


def test_copies_find_open_sizes_each_by_itself(tmp_path):
    text = "paramctl: 1\nmodel: Parallel(Repeat(2, Linear(None, 3)), Linear(None, 3))\n"
    _, net = built(write(tmp_path, text), x=(2, 5))
    assert [p.shape for _, p in net.named_parameters() if len(p.shape) == 2] == [
        (3, 5), (3, 3), (3, 5),
    ]  # fmt: skip


def test_a_tie_of_one_copy_leaves_the_others(tmp_path):
    text = BLOCKS + "model: Repeat(3, B(4))\nties: {1.a.weight: 0.a.weight}\n"
    _, net = built(write(tmp_path, text))
    assert net.ties() == [["0.a.weight", "1.a.weight"]]


PRODUCTS = {
    "model: Repeat(100, Repeat(100, Repeat(100, relu)))": "1,010,101",
    "model: Sequential(Repeat(60000, relu), Repeat(60000, tanh))": "120,003",
    "blocks:\n  A: {modules: {a: 'Repeat(400, B())'}}\n  B: {modules: {b: 'Repeat(400, relu)'}}\n"
    "model: A()": "160,801",
    "blocks:\n"
    + "".join(f"  B{n}: {{modules: {{a: B{n + 1}(), b: B{n + 1}()}}}}\n" for n in range(30))
    + "  B30: {modules: {a: relu}}\nmodel: B0()": "196,607",
}


@pytest.mark.parametrize("text", PRODUCTS, ids=range(len(PRODUCTS)))
def test_too_many_modules_are_refused_before_one_is_built(text, tmp_path, monkeypatch):
    monkeypatch.setattr("paramctl.spec.build._Builder.make", None)
    with pytest.raises(SpecError) as refused:
        built(write(tmp_path, "paramctl: 1\n" + text))
    found = refused.value.problem.split("\n")[0]
    assert found == f"{PRODUCTS[text]} modules are more than 100,000"


def test_a_count_that_depends_on_the_number_is_stopped_on_the_way(tmp_path):
    text = "model: Repeat(20000, Linear(i + 1, 4))"
    with pytest.raises(SpecError) as refused:
        built(write(tmp_path, "paramctl: 1\n" + text))
    found = refused.value.problem.split("\n")[0]
    assert found == "more than 10,000 modules that are each worked out anew"
    assert refused.value.hint == (
        "layers in a Repeat are copied where they don't ask for i and know all sizes"
    )
