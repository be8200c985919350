"""Bind a checkpoint to a module tree: every parameter gets its tensor, every mismatch is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from paramctl.binding.fit import Mismatch, misfit
from paramctl.binding.leftovers import leftover_names
from paramctl.binding.places import Place, groups, twin
from paramctl.binding.stored import StoredTensor
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.manifest import Manifest
from paramctl.names import natural_order
from paramctl.sources.source import Source
from paramctl.spec.spellings import Spellings
from paramctl.spec.unused import Unused


@dataclass
class Binding:
    """A checkpoint and a module tree side by side.

    Attributes:
        names: each parameter's name in the spec, to the stored tensor that is its value.
        missing: parameters without a tensor.
        unexpected: tensors that no parameter takes.
        leftovers: tensors that no parameter takes, and that files of such models may carry.
        mismatched: tensors that can't be the value of the parameter they are named for.
        apart: of names that the spec ties, those that the checkpoint stores with
            different values, each with the name that it is tied to.
        unused: children and tensors that the spec makes and no forward uses.
    """

    source: Source
    module: Module
    names: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    mismatched: list[Mismatch] = field(default_factory=list)
    apart: list[tuple[str, str]] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What a user should be warned of."""
        return [
            f"the spec ties {name} to {kept}, but the checkpoint stores different values: "
            "they stay apart"
            for name, kept in self.apart
        ]

    @property
    def fits(self) -> bool:
        """Whether every parameter has its tensor, and every tensor its use."""
        return not (self.missing or self.unexpected or self.mismatched)


def bind(
    source: Source,
    module: Module,
    spellings: Spellings | None = None,
    ignore: Sequence[str] = (),
) -> Binding:
    """Give every parameter of ``module`` its tensor, and say what doesn't fit, all at once.

    Sizes that the spec leaves open are taken from the checkpoint. Of a tie either name may be
    the stored one; names that the checkpoint ties are one parameter afterwards, and names that
    the spec ties but the checkpoint stores with different values are two.

    Args:
        ignore: selections of leftovers.
    """
    binding = Binding(source, module)
    finder = _Finder(source.manifest, spellings or Spellings())
    owners: dict[str, Parameter] = {}
    taken: set[str] = set()
    for group in groups(module):
        for places in _apart(binding, finder, group):
            _settle(binding, finder, places, owners, taken)
    _sort_rest(binding, taken, ignore)
    return binding


@dataclass(frozen=True)
class _Finder:
    """Looks a spec's names up in a manifest."""

    manifest: Manifest
    spellings: Spellings

    def find(self, name: str) -> str | None:
        """The file's spelling of a name, a tie's other name included; ``None`` without one."""
        return next((s for s in self.spellings.of(name) if s in self.manifest), None)

    def stored(self, name: str) -> str | None:
        """The name that holds the tensor."""
        found = self.find(name)
        return None if found is None else self.manifest.canonical(found).name


def _apart(binding: Binding, finder: _Finder, group: list[Place]) -> list[list[Place]]:
    """The places of one parameter, in groups that the checkpoint stores with one value each."""
    held: dict[str, list[Place]] = {}
    absent: list[Place] = []
    for place in group:
        stored = finder.stored(place.name)
        (absent if stored is None else held.setdefault(stored, [])).append(place)
    if len(held) < 2:
        return [group]
    first, *others = held
    kept: list[list[Place]] = [held[first] + absent]
    for name in others:
        one, other = group[0].name, held[name][0].name
        if _same_bytes(binding.source, first, name):
            kept[0] += held[name]
        elif _is_one_module(group):
            kept[0] += held[name]
            problem = f"the spec uses one module here and for {one}, the checkpoint has two values"
            binding.mismatched.append(Mismatch(other, name, problem))
        else:
            kept.append(_separated(held[name]))
            binding.apart.append((other, one))
    return kept


def _is_one_module(group: list[Place]) -> bool:
    """Whether all names are one module in several places, which nothing can take apart."""
    return len({(id(place.owner), place.slot) for place in group}) == 1


def _separated(places: list[Place]) -> list[Place]:
    fresh = twin(places[0].parameter, places[0].name)
    for place in places:
        place.put(fresh)
    return places


def _same_bytes(source: Source, one: str, other: str) -> bool:
    left, right = source.manifest[one], source.manifest[other]
    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return False
    blocks = zip(source.blocks(one), source.blocks(other), strict=True)
    return all(a == b for a, b in blocks)


def _settle(
    binding: Binding,
    finder: _Finder,
    places: list[Place],
    owners: dict[str, Parameter],
    taken: set[str],
) -> None:
    """Bind one parameter, under whichever of its names the checkpoint has it."""
    parameter = places[0].parameter
    if not parameter.persistent:
        return
    found = {name for place in places if (name := finder.stored(place.name)) is not None}
    taken |= found
    if not found:
        binding.missing.append(parameter.name)
        return
    stored = next(name for place in places if (name := finder.stored(place.name)) is not None)
    entry = binding.source.manifest[stored]
    problem = misfit(parameter, entry)
    if problem:
        binding.mismatched.append(Mismatch(parameter.name, stored, problem))
        return
    binding.names[parameter.name] = stored
    if stored in owners and owners[stored].kind == parameter.kind:
        for place in places:
            place.put(owners[stored])
        return
    parameter.dtype = entry.dtype
    parameter.value = StoredTensor(binding.source, entry)
    owners[stored] = parameter


def _sort_rest(binding: Binding, taken: set[str], ignore: Sequence[str]) -> None:
    manifest = binding.source.manifest
    spare = leftover_names(manifest, ignore)
    rest = [entry.name for entry in manifest.stored if entry.name not in taken]
    for name in natural_order(rest):
        (binding.leftovers if name in spare else binding.unexpected).append(name)
