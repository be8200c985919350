"""Steps to a plan: what becomes of every name, decided from names and shapes before a byte is read.

An edit is one file in this folder, a frozen dataclass whose fields are its options:

    @EDITS.register("scale")
    @dataclass(frozen=True)
    class Scale(EachTensor):
        '''``w <- factor * w``, rounded once to the entry's dtype.'''

        factor: float

        def output(self, entry):                # names, dtypes, shapes: all that a dry run needs
            return entry

        def blocks(self, entry, old):           # how the bytes are made, block by block
            for x in arrays(old, entry.dtype):
                yield encode(x.astype("f8") * self.factor, entry.dtype)

``EachTensor`` calls ``output`` once per stored tensor among the chosen ones (a tie is one
tensor), and ``blocks`` only when the file is written, maybe twice. ``old`` is a ``Content``:
``old.blocks()`` gives its bytes, ``arrays`` flat arrays, ``array`` the whole tensor.

An edit that moves names, adds, removes or ties subclasses ``Edit`` and calls the methods of
the ``Draft`` in ``apply``; one that finds its tensors by itself overrides ``choose``. Whatever
contradicts itself raises a ``UsageError`` there; nothing may be read in ``apply`` but what the
edit can't decide without (``tie`` compares bytes).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, NamedTuple

from paramctl.edit.content import Made
from paramctl.edit.draft import Draft
from paramctl.errors import CheckpointError, ParamctlError, SelectionError
from paramctl.formats.content import Block, Content
from paramctl.manifest import Entry, Manifest
from paramctl.names import natural_key
from paramctl.registry import Registry
from paramctl.select.choose import choose, counted
from paramctl.sources.source import Source


class Change(NamedTuple):
    """What becomes of one name: an action in the words of ``diff``, and both sides."""

    name: str
    action: str
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True)
class Step:
    """An edit and what it applies to.

    Attributes:
        edit: what is done.
        selections: texts of the selection grammar, a union; none means every tensor.
        allow_empty: the selection may match nothing.
        expect: how many entries it must match.
        shards: the names of the checkpoint's files; ``plan`` fills them in.
        where: the place in a recipe, for messages.
    """

    edit: "Edit"
    selections: tuple[str, ...] = ()
    allow_empty: bool = False
    expect: int | None = None
    shards: tuple[str, ...] = ()
    where: str = ""

    def choose(self, manifest: Manifest) -> list[Entry]:
        """The entries that the edit applies to.

        Raises:
            SelectionError: there are none, or not as many as expected.
        """
        found = self.edit.choose(manifest, self)
        if self.expect is not None and len(found) != self.expect:
            pool = self.edit.pool(manifest)
            raise SelectionError(f"selected {counted(len(found), pool)}, expected {self.expect}")
        return found


class Edit(ABC):
    """One kind of change.

    Attributes:
        is_selective: whether it is about chosen tensors, so that their number is worth telling.
    """

    is_selective: ClassVar[bool] = True

    def pool(self, manifest: Manifest) -> Manifest:
        """What a step chooses from: the checkpoint as it stands, or another one."""
        return manifest

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The entries that a step applies to, by its selections; how many, ``Step.choose`` asks.

        Raises:
            SelectionError: they match nothing.
        """
        return choose(
            self.pool(manifest),
            step.selections,
            allow_empty=step.allow_empty,
            shards=step.shards,
            has_spec=any(entry.module_type for entry in self.pool(manifest)),
        )

    @abstractmethod
    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Do it to the draft."""


class EachTensor(Edit):
    """An edit that looks at one stored tensor at a time."""

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Give every stored tensor behind the chosen names its new entry and bytes, once."""
        for name in dict.fromkeys(entry.tied_to or entry.name for entry in chosen):
            entry = draft.entry(name)
            after = self.output(entry)
            make = partial(self.blocks, entry, draft.content(name))
            draft.put(name, Made(after.nbytes or 0, make), dtype=after.dtype, shape=after.shape)

    @abstractmethod
    def output(self, entry: Entry) -> Entry:
        """What becomes of an entry: its new dtype and shape."""

    @abstractmethod
    def blocks(self, entry: Entry, old: Content) -> Iterator[Block]:
        """The new bytes, in blocks; together ``output(entry).nbytes`` of them."""


EDITS: Registry[type[Edit]] = Registry("edit", "paramctl.edit")


class Chosen(NamedTuple):
    """How many entries a step matched, and of how many."""

    matched: int
    total: int


@dataclass(frozen=True)
class Plan:
    """What a list of steps comes to.

    Attributes:
        draft: the checkpoint as it will be.
        steps: what led there.
        chosen: per selective step, how many entries it matched.
        changes: what becomes of each name that does not stay as it is, in natural order.
    """

    draft: Draft
    steps: tuple[Step, ...]
    chosen: tuple[Chosen, ...]
    changes: tuple[Change, ...]

    @property
    def manifest(self) -> Manifest:
        """The entries of the result."""
        return self.draft.manifest


def plan(source: Source, steps: Sequence[Step]) -> Plan:
    """The plan of some steps, each of which sees what the ones before it have done.

    Raises:
        UsageError: a step selects nothing, or contradicts what is there.
        CheckpointError: the shards hold more than the index lists.
    """
    _refuse_unlisted(source)
    draft = Draft(source)
    found = [_take(draft, step) for step in steps]
    chosen = tuple(each for each in found if each is not None)
    return Plan(draft, tuple(steps), chosen, tuple(_changes(draft)))


def _take(draft: Draft, step: Step) -> Chosen | None:
    """Apply one step to the draft; how many entries it matched, if it is about that."""
    manifest = draft.manifest
    pool = step.edit.pool(manifest)
    try:
        entries = replace(step, shards=tuple(draft.names)).choose(manifest)
        step.edit.apply(draft, entries)
    except ParamctlError as error:
        if not step.where:
            raise
        where = f"{step.where}: {error.where}" if error.where else step.where
        raise type(error)(error.problem, where=where, hint=error.hint) from error
    return Chosen(len(entries), len(pool)) if step.edit.is_selective else None


def _refuse_unlisted(source: Source) -> None:
    held = sum(len(header.entries) for header in source.headers)
    listed = len(source.manifest.stored)
    if held != listed:
        raise CheckpointError(
            f"its shards hold {held} tensors, its index lists {listed} of them",
            where=source.where,
            hint=f"an edit would lose the others: run `paramctl check {source.where}`",
        )


def _changes(draft: Draft) -> list[Change]:
    present = {slot.origin.name for slot in draft.slots if slot.origin}
    found = [
        Change(entry.name, "removed", entry, None)
        for entry in draft.source.manifest
        if entry.name not in present
    ]
    origins = {slot.name: slot.origin.name for slot in draft.slots if slot.origin}
    for slot in draft.slots:
        after = slot.now()
        if slot.origin is None:
            found.append(Change(after.name, "added", None, after))
        else:
            actions = _actions(slot.origin, after, slot.action, origins)
            found += [Change(slot.origin.name, action, slot.origin, after) for action in actions]
    return sorted(found, key=lambda change: natural_key(change.name))


def _actions(before: Entry, after: Entry, action: str, origins: dict[str, str]) -> Iterator[str]:
    if before.name != after.name:
        yield "renamed"
    tied = None if after.tied_to is None else origins.get(after.tied_to, "")
    if before.tied_to != tied:
        yield "retied"
    if after.tied_to is not None:
        return
    if before.dtype != after.dtype:
        yield action if action == "cast" else "retyped"
    elif before.shape != after.shape:
        yield "reshaped"
    elif action:
        yield action
