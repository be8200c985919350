"""The laws of editing: what is not asked for does not change, and plans tell the truth."""

import tempfile
from pathlib import Path

import pytest
from edit_checkpoints import edited, files, sharded, single, stored, tensors, ties
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paramctl.edit.drop import Drop
from paramctl.edit.keep import Keep
from paramctl.edit.plan import Step, plan
from paramctl.edit.rename import Rename
from paramctl.edit.rename_rules import PathRule
from paramctl.edit.set import Set
from paramctl.edit.tie import Tie
from paramctl.edit.untie import Untie
from paramctl.errors import UsageError
from paramctl.sources.open import open_source

laws = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def fresh():
    """A new empty folder for every example."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as base:
        yield lambda: Path(tempfile.mkdtemp(dir=base))


def renaming(mapping):
    return Rename(table=tuple(PathRule(old, new) for old, new in mapping.items()))


@laws
@given(tensors(least=0))
def test_a_plan_without_steps_gives_back_the_same_bytes(fresh, drawn):
    folder = fresh()
    before = single(folder, drawn, {"format": "pt", "note": "kept"})
    edited(before, folder / "out.safetensors")
    assert (folder / "out.safetensors").read_bytes() == before.read_bytes()


@laws
@given(tensors(least=2), st.integers(1, 2))
def test_a_plan_without_steps_gives_back_the_same_folder(fresh, drawn, count):
    folder = fresh()
    before = sharded(folder, drawn, count)
    edited(before, folder / "out")
    assert files(folder / "out") == files(before)


@laws
@given(tensors(least=2), st.data())
def test_what_is_not_selected_keeps_its_bytes(fresh, drawn, data):
    """Every dtype and every NaN payload; the rest of the file is the same too."""
    folder = fresh()
    name = data.draw(st.sampled_from(sorted(drawn)))
    before = single(folder, drawn)
    try:
        edited(before, folder / "out.safetensors", Step(Set(name, "1")))
    except UsageError:
        assert drawn[name][0].startswith(("F4", "F6"))
        return
    after = stored(folder / "out.safetensors")
    assert list(after) == list(drawn)
    assert {key: value for key, value in after.items() if key != name} == {
        key: value for key, value in drawn.items() if key != name
    }


@laws
@given(tensors(least=2), st.data())
def test_the_planned_manifest_is_the_one_that_is_written(fresh, drawn, data):
    folder = fresh()
    names = sorted(drawn)
    gone = data.draw(st.lists(st.sampled_from(names), max_size=len(names) - 1, unique=True))
    left = [name for name in names if name not in gone]
    renamed = data.draw(st.sampled_from(left))
    steps = [Step(renaming({renamed: "fresh.name"}))]
    if gone:
        steps.insert(0, Step(Drop(), tuple(gone)))
    made = edited(sharded(folder, drawn), folder / "out", *steps)
    with open_source(folder / "out") as source:
        written = [entry[:5] for entry in source.manifest]
    assert written == sorted((entry[:5] for entry in made.manifest), key=written.index)


@laws
@given(tensors(least=2), st.data())
def test_steps_together_are_steps_one_after_the_other(fresh, drawn, data):
    folder = fresh()
    names = sorted(drawn)
    dropped, renamed = data.draw(st.permutations(names))[:2]
    first = Step(Drop(), (dropped,))
    second = Step(renaming({renamed: "fresh.name"}))
    before = single(folder, drawn)
    edited(before, folder / "both.safetensors", first, second)
    edited(before, folder / "one.safetensors", first)
    edited(folder / "one.safetensors", folder / "two.safetensors", second)
    both, two = (folder / f"{name}.safetensors" for name in ("both", "two"))
    assert both.read_bytes() == two.read_bytes()


@laws
@given(tensors(), st.randoms(use_true_random=False))
def test_a_renaming_and_its_inverse_give_back_the_same_bytes(fresh, drawn, rnd):
    """Any bijection, swaps and cycles included."""
    folder = fresh()
    shuffled = list(drawn)
    rnd.shuffle(shuffled)
    pairs = enumerate(zip(drawn, shuffled, strict=True))
    mapping = {old: new if number % 2 else f"n{number}" for number, (old, new) in pairs}
    before = single(folder, drawn, {"format": "pt"})
    if len(set(mapping.values())) < len(mapping):
        return
    there = renaming(mapping)
    edited(before, folder / "there.safetensors", Step(there))
    assert set(stored(folder / "there.safetensors")) == set(mapping.values())
    edited(folder / "there.safetensors", folder / "back.safetensors", Step(there.inverse()))
    assert (folder / "back.safetensors").read_bytes() == before.read_bytes()


@laws
@given(tensors(least=2), st.data())
def test_keep_and_drop_divide_the_tensors(fresh, drawn, data):
    """Each tensor is in exactly one of the two, with its bytes."""
    folder = fresh()
    names = sorted(drawn)
    chosen = data.draw(
        st.lists(st.sampled_from(names), min_size=1, max_size=len(names) - 1, unique=True)
    )
    selection = tuple(chosen)
    before = single(folder, drawn)
    edited(before, folder / "kept.safetensors", Step(Keep(), selection))
    edited(before, folder / "rest.safetensors", Step(Drop(), selection))
    kept, rest = stored(folder / "kept.safetensors"), stored(folder / "rest.safetensors")
    assert not set(kept) & set(rest)
    assert {**kept, **rest} == drawn
    assert set(kept) == set(chosen)


@laws
@given(tensors(), st.data())
def test_untie_after_tie_gives_back_the_same_bytes(fresh, drawn, data):
    """Where the order is the library's, an equal copy can be tied and untied without a trace."""
    folder = fresh()
    name = data.draw(st.sampled_from(sorted(drawn)))
    both = {**drawn, "copy": drawn[name]}
    with open_source(single(folder, both)) as source:
        made = plan(source, [])
    from paramctl.dtypes import WRITE_ORDER

    order = sorted(made.manifest, key=lambda entry: (WRITE_ORDER[entry.dtype], entry.name))
    before = single(folder, {entry.name: both[entry.name] for entry in order}, {"format": "pt"})
    edited(before, folder / "tied.safetensors", Step(Tie(name, ("copy",))))
    assert ties(folder / "tied.safetensors") == [[name, "copy"]]
    edited(folder / "tied.safetensors", folder / "out.safetensors", Step(Untie(), ("copy",)))
    assert (folder / "out.safetensors").read_bytes() == before.read_bytes()


@laws
@given(tensors(least=2))
def test_the_same_edit_twice_gives_the_same_bytes(fresh, drawn):
    folder = fresh()
    before = sharded(folder, drawn)
    name = min(drawn)
    for out in ("one", "two"):
        edited(before, folder / out, Step(renaming({name: "fresh.name"})))
    assert files(folder / "one") == files(folder / "two")
