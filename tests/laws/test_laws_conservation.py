"""Nothing gets lost: over any sequence of edits, every tensor is in the output or told as gone."""

import tempfile
from pathlib import Path

from edit_checkpoints import NAMES, edited, sharded, single, stored, tensors
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from paramctl.edit.drop import Drop
from paramctl.edit.keep import Keep
from paramctl.edit.plan import Step
from paramctl.edit.rename import Rename
from paramctl.edit.rename_rules import PathRule
from paramctl.edit.reshard import Reshard
from paramctl.edit.tie import Tie
from paramctl.edit.untie import Untie
from paramctl.sources.open import open_source


class Conservation(RuleBasedStateMachine):
    """A checkpoint that is edited again and again, and what should be in it.

    Attributes:
        holds: name to (dtype, shape, bytes), an alias with the bytes of the tensor it shares.
        model: the checkpoint as it is on disk, written by the last edit.
    """

    @initialize(drawn=tensors(least=3, most=6), is_sharded=st.booleans())
    def begin(self, drawn, is_sharded):
        drawn |= {"twin": drawn[min(drawn)], "triplet": drawn[min(drawn)]}
        memory = Path("/dev/shm")
        self.home = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        folder = Path(self.home.name)
        self.model = sharded(folder, drawn) if is_sharded else single(folder, drawn)
        self.holds = {name: (d, tuple(s), b) for name, (d, s, b) in drawn.items()}
        self.number = 0

    def teardown(self):
        if hasattr(self, "home"):
            self.home.cleanup()

    def edit(self, edit, *selections):
        """Edit what is on disk; what the plan says must account for every name."""
        self.number += 1
        out = Path(self.home.name) / f"out{self.number}"
        made = edited(self.model, out, Step(edit, selections))
        told = {change.name: change for change in made.changes}
        after = seen(out)
        for name, tensor in self.holds.items():
            change = told.get(name)
            if change is None:
                assert after[name] == tensor
            elif change.action == "removed":
                assert change.after is None
            else:
                assert after[change.after.name] == tensor
        kept = {name for name in self.holds if name not in told}
        renamed = {change.after.name for change in told.values() if change.after}
        assert set(after) == kept | renamed
        self.model = out
        return {change.name for change in made.changes if change.action == "removed"}

    def some(self, data, least=1, most=None):
        most = len(self.holds) if most is None else most
        names = st.lists(
            st.sampled_from(sorted(self.holds)), min_size=least, max_size=most, unique=True
        )
        return data.draw(names)

    @precondition(lambda self: len(self.holds) > 1)
    @rule(data=st.data(), is_keep=st.booleans())
    def divide(self, data, is_keep):
        chosen = self.some(data, most=len(self.holds) - 1)
        gone = set(self.holds) - set(chosen) if is_keep else set(chosen)
        told = self.edit(Keep() if is_keep else Drop(), *(f'^"{name}"$' for name in chosen))
        assert told == gone
        self.holds = {name: held for name, held in self.holds.items() if name not in gone}

    @rule(data=st.data(), fresh=NAMES)
    def rename(self, data, fresh):
        (name,) = self.some(data, most=1)
        taken = any(
            other != name and (other == fresh or other.startswith(f"{name}."))
            for other in self.holds
        )
        if taken or name == fresh:
            return
        assert self.edit(Rename(table=(PathRule(name, fresh),))) == set()
        self.holds = {fresh if key == name else key: held for key, held in self.holds.items()}

    @rule(data=st.data())
    def tie(self, data):
        alike = [
            (one, other)
            for one in sorted(self.holds)
            for other in sorted(self.holds)
            if one != other and self.holds[one] == self.holds[other]
        ]
        if not alike:
            return
        kept, alias = data.draw(st.sampled_from(alike))
        assert self.edit(Tie(kept, (alias,))) == set()

    @rule(data=st.data())
    def untie(self, data):
        with open_source(self.model, family_ties=lambda config: []) as source:
            aliases = sorted(entry.name for entry in source.manifest if entry.is_alias)
        if aliases:
            alias = data.draw(st.sampled_from(aliases))
            assert self.edit(Untie(), f'^"{alias}"$') == set()

    @rule(most=st.sampled_from([None, 1, 16, 64]))
    def reshard(self, most):
        assert self.edit(Reshard(most)) == set()

    @invariant()
    def all_is_there(self):
        if hasattr(self, "model"):
            assert seen(self.model) == self.holds


def seen(model):
    """Every name of a checkpoint with its tensor, aliases included."""
    found = stored(model)
    with open_source(model, family_ties=lambda config: []) as source:
        for entry in source.manifest:
            if entry.is_alias:
                found[entry.name] = found[entry.tied_to]
    return {name: (dtype, tuple(shape), content) for name, (dtype, shape, content) in found.items()}


def test_every_tensor_is_in_the_output_or_among_the_drops():
    run_state_machine_as_test(
        Conservation,
        settings=settings(
            max_examples=20,
            stateful_step_count=6,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
