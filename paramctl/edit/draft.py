"""A checkpoint under edit: names, dtypes, shapes and ties move; bytes are only pointed at."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from paramctl.edit.config import config_now
from paramctl.edit.content import Stored
from paramctl.edit.slot import Slot, merged
from paramctl.errors import UsageError
from paramctl.formats.content import Content
from paramctl.formats.parts import Ledger
from paramctl.manifest import Entry, Manifest, Shape, guess_kind
from paramctl.names import show
from paramctl.sources.described import described
from paramctl.sources.source import Source


class Draft:
    """What a checkpoint becomes, step by step. Edits call its methods; nothing is read or written.

    A tie is one slot under several names: edits of an alias reach the stored tensor, a
    renamed or dropped stored tensor takes its aliases along or hands itself on to the first.

    Attributes:
        source: the checkpoint that is edited.
        inputs: every source whose bytes the result may use.
        slots: one per name, in the order of the header.
        metadata: the strings of each file's header without the aliases, one per file.
        config: the keys of config.json that change, with their new values; ``None`` removes.
        notes: what the user should hear about, a line each.
        ledgers: what becomes known while the bytes are made, wherever that is.
        checks: asked when all is written and nothing published; each may raise.
        names: the files by their names; an index lists them when ``is_sharded``.
        is_relaid: whether the tensors were spread over files anew.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.inputs: list[Source] = [source]
        self.config: dict[str, Any] = {}
        self.notes: list[str] = []
        self.ledgers: list[Ledger] = []
        self.checks: list[Callable[[], None]] = []
        self.names = [path.name for path in source.files]
        self.is_sharded = source.is_sharded
        self.is_relaid = False
        self.slots = _slots(source)
        self.metadata = [
            {key: text for key, text in header.metadata.items() if not _is_alias(source, key)}
            for header in source.headers
        ]
        self._by_name = {slot.name: slot for slot in self.slots}
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> Manifest:
        """The entries as they stand now."""
        if self._manifest is None:
            entries = [slot.now() for slot in self.slots]
            self._manifest = Manifest(entries, self.source.manifest.metadata)
            if self.source.config is not None:
                config, names = config_now(self), self._manifest.names
                self._manifest.describe = partial(described, config, names)
        return self._manifest

    def content(self, name: str) -> Content:
        """The bytes behind a name, an alias included."""
        content = self._stored(name).content
        assert content is not None, "a stored slot has a content"
        return content

    def uses(self, source: Source) -> None:
        """Remember another checkpoint whose bytes go into the result."""
        if source not in self.inputs:
            self.inputs.append(source)

    def put(
        self,
        name: str,
        content: Content,
        *,
        dtype: str | None = None,
        shape: Shape | None = None,
        action: str = "changed",
    ) -> None:
        """Give a tensor new bytes, and a new dtype or shape where they change too.

        Args:
            action: what the change is called when neither dtype nor shape differ from the file's.
        """
        slot = self._stored(name)
        entry = slot.entry._replace(
            dtype=dtype or slot.entry.dtype, shape=slot.entry.shape if shape is None else shape
        )
        self._expect_size(entry, content)
        if entry.dtype != slot.entry.dtype:
            entry = entry._replace(kind=guess_kind(entry.name, entry.dtype))
        slot.entry, slot.content, slot.action = entry, content, action
        self._manifest = None

    def add(self, name: str, dtype: str, shape: Shape, content: Content, *, shard: int = 0) -> None:
        """Add a tensor where the safetensors library would put it: by dtype, then by name.

        Raises:
            UsageError: the name is taken.
        """
        entry = Entry(name, dtype, shape, guess_kind(name, dtype), shard=shard)
        self.add_all([(entry, content)])

    def add_all(self, tensors: Sequence[tuple[Entry, Content]]) -> None:
        """Add tensors as ``add`` does, all in one pass over the others.

        Raises:
            UsageError: a name is taken.
        """
        self._refuse_taken([entry.name for entry, _ in tensors])
        for entry, content in tensors:
            self._expect_size(entry, content)
        self._insert([Slot(entry, content=content) for entry, content in tensors])

    def remove(self, names: Iterable[str]) -> None:
        """Remove names; a tensor that another name still shares stays, under the first such name.

        Raises:
            UsageError: no tensor would be left.
        """
        gone = set(names)
        heirs: dict[Slot, list[Slot]] = {}
        for slot in self.slots:
            if slot.kept and slot.name not in gone and slot.kept.name in gone:
                heirs.setdefault(slot.kept, []).append(slot)
        for slot, shared in heirs.items():
            self._hand_on(slot, shared)
        self.slots = [slot for slot in self.slots if slot.name not in gone]
        if not self.slots:
            raise UsageError("no tensor would be left")
        self._moved()

    def rename(self, names: Mapping[str, str]) -> None:
        """Rename all at once, so that names may be swapped; ties and order stay.

        Raises:
            UsageError: two tensors would have one name; every collision is listed.
        """
        fresh: dict[str, list[str]] = {}
        for slot in self.slots:
            fresh.setdefault(names.get(slot.name, slot.name), []).append(slot.name)
        clashes = {name: olds for name, olds in fresh.items() if len(olds) > 1}
        if clashes:
            raise UsageError("\n  ".join(["names would collide:", *map(_clash, clashes.items())]))
        _refuse_reserved(fresh)
        moving = {slot for slot in self.slots if names.get(slot.name, slot.name) != slot.name}
        for slot in self.slots:
            if slot.kept and (slot in moving or slot.kept in moving):
                slot.declared = True  # config.json names the tie by its old names
        for slot in moving:
            kind = guess_kind(names[slot.name], slot.entry.dtype)
            slot.entry = slot.entry._replace(name=names[slot.name], kind=kind)
        self._moved()

    def tie(self, kept: str, alias: str) -> None:
        """Make ``alias`` another name of the tensor of ``kept``; an unknown alias comes anew."""
        target = self._stored(kept)
        slot = self._by_name.get(alias)
        if slot is None:
            _refuse_reserved([alias])
            slot = Slot(target.entry._replace(name=alias))
            self.slots.append(slot)
        for other in self.slots:
            if other.kept is slot:
                other.kept, other.declared = target, True
        slot.kept, slot.content, slot.declared = target, None, True
        slot.entry = target.entry._replace(name=alias)
        self._moved()

    def promote(self, alias: str) -> None:
        """Store a tied tensor under this name of it; the name it had becomes an alias."""
        slot = self._slot(alias)
        before = slot.kept
        if before is None:
            return
        others = [other for other in self.slots if other.kept is before and other is not slot]
        self._hand_on(before, [slot, *others])
        before.kept, before.content, before.declared = slot, None, True
        self._manifest = None

    def untie(self, alias: str) -> None:
        """Give an alias a tensor of its own, with the same bytes."""
        slot = self._slot(alias)
        if slot.kept is None:
            return
        content = slot.kept.content
        entry = slot.kept.entry._replace(name=slot.name, kind=slot.entry.kind)
        self.slots.remove(slot)
        slot.kept, slot.content, slot.declared, slot.entry = None, content, False, entry
        self._insert([slot])

    def lay_out(self, groups: Sequence[Sequence[str]], names: Sequence[str]) -> None:
        """Spread the stored tensors over files anew; each file gets the metadata of all.

        Args:
            groups: the names of each file's tensors, in order.
            names: the files; several need an index.
        """
        strings: dict[str, str] = {}
        for before in self.metadata:
            strings = {**before, **strings}
        for file, group in enumerate(groups):
            for name in group:
                slot = self._by_name[name]
                slot.entry = slot.entry._replace(shard=file)
        self.metadata = [dict(strings) for _ in groups]
        self.names, self.is_sharded, self.is_relaid = list(names), len(groups) > 1, True
        self._manifest = None

    def annotate(self, key: str, text: str | None) -> None:
        """Set a metadata string in every file, or remove it with ``None``."""
        for strings in self.metadata:
            strings.pop(key, None)
            if text is not None:
                strings[key] = text

    def entry(self, name: str) -> Entry:
        """The entry of a name as it stands now.

        Raises:
            UsageError: there is none.
        """
        return self._slot(name).now()

    def _slot(self, name: str) -> Slot:
        return self._by_name.get(name) or self._by_name[self.manifest[name].name]

    def _stored(self, name: str) -> Slot:
        slot = self._slot(name)
        return slot.kept or slot

    def _moved(self) -> None:
        self._by_name = {slot.name: slot for slot in self.slots}
        self._manifest = None

    def _insert(self, slots: Sequence[Slot]) -> None:
        self.slots = merged(self.slots, slots)
        self._moved()

    def _hand_on(self, slot: Slot, heirs: list[Slot]) -> None:
        first, *others = heirs
        first.entry = slot.entry._replace(name=first.name, kind=first.entry.kind)
        first.content, first.action = slot.content, slot.action
        first.kept, first.declared = None, False
        for other in others:
            other.kept, other.declared = first, True
        self.slots.remove(first)
        self.slots.insert(self.slots.index(slot), first)

    def _refuse_taken(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._by_name:
                raise UsageError(f"there is a tensor named '{show(name)}' already")
        _refuse_reserved(names)

    def _expect_size(self, entry: Entry, content: Content) -> None:
        if entry.nbytes != content.nbytes:
            raise AssertionError(f"{entry.name}: {content.nbytes} bytes for {entry.nbytes}")


def _slots(source: Source) -> list[Slot]:
    """One slot per name, in the order of the bytes; aliases where the manifest has them."""
    entries = source.manifest.entries
    places = iter(sorted(source.manifest.stored, key=lambda e: (e.shard, e.start, e.stop)))
    ordered = [entry if entry.is_alias else next(places) for entry in entries]
    slots = {entry.name: Slot(entry, origin=entry) for entry in ordered}
    for slot in slots.values():
        if slot.entry.tied_to is None:
            slot.content = Stored(source, slot.name)
        else:
            slot.kept = slots[slot.entry.tied_to]
            slot.declared = any(slot.name in header.metadata for header in source.headers)
    return list(slots.values())


def _is_alias(source: Source, key: str) -> bool:
    entry = source.manifest.get(key)
    return entry is not None and entry.is_alias


def _clash(pair: tuple[str, list[str]]) -> str:
    new, olds = pair
    return f"{', '.join(show(old) for old in olds)} -> {show(new)}"


def _refuse_reserved(names: Iterable[str]) -> None:
    if "__metadata__" in names:
        raise UsageError("no tensor can be named '__metadata__': the format keeps that for itself")
