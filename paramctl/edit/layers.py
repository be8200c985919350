"""Other numbered layers: some of them, some twice, in another order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paramctl.edit.draft import Draft
from paramctl.edit.layer_config import keep_counts_true
from paramctl.edit.layer_list import Container, find_container, parse_layers
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.edit.tied_config import keep_config_true
from paramctl.formats.content import Content
from paramctl.manifest import Entry, Manifest, guess_kind

_FIRST_ONLY = "relative_attention_bias"  # T5: the first block's table serves all blocks


class Copy(NamedTuple):
    """A tensor of a layer that is used once more."""

    name: str
    entry: Entry
    content: Content
    tied_to: str | None


@EDITS.register("layers")
@dataclass(frozen=True)
class Layers(Edit):
    """Layer ``n`` of the result is the ``n``-th layer of the list; config.json follows.

    A layer that is listed again is copied under its new number. Ties inside a layer are ties
    inside its copy; ties to the outside stay.

    Attributes:
        order: ``0..23,8..31``.
        at: the path of the container, where there are several.
    """

    order: str
    at: str | None = None

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The entries of all layers."""
        layers = find_container(manifest, self.at).layers
        return [entry for group in layers.values() for entry in group]

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Drop, renumber and copy layers.

        Raises:
            UsageError: the list can't be read, or names a layer that is not there.
        """
        before = find_container(draft.manifest, self.at)
        order = parse_layers(self.order, before.layers)
        pinned = _pinned(before)
        gone = [
            entry.name
            for number, group in before.layers.items()
            for entry in group
            if number not in order and entry.name not in pinned
        ]
        with keep_config_true(draft):
            if gone:
                draft.remove(gone)
            _renumber(draft, find_container(draft.manifest, before.path or "."), order, pinned)
        keep_counts_true(draft, before.path, sorted(before.layers), order)


def _renumber(
    draft: Draft, container: Container, order: Sequence[int], pinned: frozenset[str]
) -> None:
    first = {number: order.index(number) for number in order}
    names = {}
    for number, group in container.layers.items():
        for entry in group:
            place = 0 if entry.name in pinned else first[number]
            names[entry.name] = container.name(place, container.rest(entry.name))
    copies = [
        copy
        for place, number in enumerate(order)
        if first[number] != place
        for copy in _copies(draft, container, number, place, names)
        if copy.entry.name not in pinned
    ]
    draft.rename(names)
    draft.add_all(
        [
            (
                copy.entry._replace(name=copy.name, kind=guess_kind(copy.name, copy.entry.dtype)),
                copy.content,
            )
            for copy in copies
            if copy.tied_to is None
        ]
    )
    for copy in copies:
        if copy.tied_to is not None:
            draft.tie(copy.tied_to, copy.name)


def _copies(
    draft: Draft, container: Container, number: int, place: int, names: dict[str, str]
) -> list[Copy]:
    inside = {entry.name for entry in container.layers[number]}
    found = []
    for entry in container.layers[number]:
        tied_to = entry.tied_to
        if tied_to in inside:
            tied_to = container.name(place, container.rest(tied_to))
        elif tied_to is not None:
            tied_to = names.get(tied_to, tied_to)
        name = container.name(place, container.rest(entry.name))
        found.append(Copy(name, entry, draft.content(entry.name), tied_to))
    return found


def _pinned(container: Container) -> frozenset[str]:
    """The tensors that only the first layer has because they serve all."""
    holders = {
        number: [entry.name for entry in group if _FIRST_ONLY in entry.name.split(".")]
        for number, group in container.layers.items()
    }
    holding = [number for number, names in holders.items() if names]
    return frozenset(holders[holding[0]]) if holding == [min(container.layers)] else frozenset()
