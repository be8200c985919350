"""Results from other processes are those of this one, to the last byte, lost workers or not."""

from functools import partial

import pytest
from clusters import Deadly, contents, deadly_blocks
from command import call, expect

from paramctl.compute.jobs import using
from paramctl.edit.cast import Cast
from paramctl.edit.content import Made
from paramctl.edit.plan import Step, plan
from paramctl.edit.write import Where, destination, write
from paramctl.errors import ResourceError
from paramctl.figures.digest import digests_of
from paramctl.figures.statistics import statistics_of
from paramctl.sources.open import open_source

LOOKS = [
    ["stats", "a", "layers", "--hist", "--json"],
    ["hash", "a"],
    ["diff", "a", "b", "--json"],
    ["check", "a", "--values"],
]
EDITS = [
    ["cast", "a", "f16", "--on-overflow", "clamp"],
    ["reshard", "a", "--max-shard-size", "5MiB"],
]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_a_look_is_the_same_from_elsewhere(models, workers, words):
    here = call(*words, cwd=models)
    with using(workers):
        assert call(*words, cwd=models) == here


@pytest.mark.parametrize("words", EDITS, ids=" ".join)
def test_an_edit_is_the_same_from_elsewhere(models, workers, words, tmp_path):
    here = expect(0, *words, "-o", tmp_path / "here", cwd=models)
    with using(workers):
        there = expect(0, *words, "-o", tmp_path / "there", cwd=models)
    assert there.err.replace("there", "here") == here.err
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "there"]


def test_a_worker_killed_in_the_middle_changes_nothing(models, workers, tmp_path):
    with open_source(models / "a") as source:
        entries = source.manifest.stored
        here = list(map(repr, statistics_of(source, entries)))
        with using(workers):
            deadly = Deadly(source, tmp_path / "died")
            assert list(map(repr, statistics_of(deadly, entries))) == here
    assert (tmp_path / "died").exists()


def deadly_plan(source, marker):
    """A cast of which one tensor ends the process that makes it."""
    made = plan(source, [Step(Cast("BF16"), ("layers",))])
    old = made.draft.content("layers.5.norm")
    made.draft.put("layers.5.norm", Made(old.nbytes, partial(deadly_blocks, marker, old)))
    return made


def test_an_edit_survives_a_killed_worker(models, workers, tmp_path):
    expect(0, "cast", models / "a", "bf16", "layers", "-o", tmp_path / "here")
    with open_source(models / "a") as source, using(workers):
        made = deadly_plan(source, tmp_path / "died")
        write(made, destination(made, Where(tmp_path / "there")))
    assert (tmp_path / "died").exists()
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_work_that_kills_every_worker_is_given_up_and_nothing_is_left(models, workers, tmp_path):
    with open_source(models / "a") as source, using(workers):
        made = deadly_plan(source, None)
        with pytest.raises(ResourceError) as error:
            write(made, destination(made, Where(tmp_path / "there")))
    assert error.value.problem == "a worker was lost 4 times over the same piece of work"
    assert list(tmp_path.iterdir()) == []
    with open_source(models / "a") as source, using(workers):
        entry = source.manifest["ids"]
        assert len(list(digests_of(source, [entry]))) == 1  # the others are still there
