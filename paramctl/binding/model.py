"""A spec's module tree, with a checkpoint bound to it where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paramctl.binding.bind import Binding, bind
from paramctl.binding.contradict import contradictions
from paramctl.binding.refuse import require_fit
from paramctl.errors import SpecError, UsageError
from paramctl.names import show
from paramctl.sources.source import Source
from paramctl.spec.build import build
from paramctl.spec.load import Spec, load_spec
from paramctl.spec.module import SpecModule
from paramctl.spec.recognize import families, find_family
from paramctl.spec.shapes import refresh
from paramctl.spec.spellings import Spellings
from paramctl.spec.unused import unused_children


@dataclass(frozen=True)
class Model:
    """An architecture and, where it is bound, a checkpoint.

    Attributes:
        binding: ``None`` where the architecture stands alone.
    """

    spec: Spec
    module: SpecModule
    binding: Binding | None = None

    @property
    def stored_names(self) -> Mapping[str, str]:
        """The parameters' names in the spec, to their names in the checkpoint."""
        return self.binding.names if self.binding else {}


def bound_model(
    source: Source, spec: str | None = None, overrides: Mapping[str, Any] | None = None
) -> Model:
    """The model of a checkpoint, whether or not the two fit.

    Args:
        spec: a spec; the family that ``config.json`` names where it is left out.

    Raises:
        UsageError: no spec is given and none is known.
        SpecError: the spec breaks a rule.
    """
    word = family_of(source) if spec is None else spec
    read = load_spec(word, source.config, overrides)
    spellings = Spellings(read.prefixes, read.renamed)
    module = build(read, spellings.present(source.manifest.names))
    binding = bind(source, module, spellings, read.ignore)
    if binding.fits:
        refresh(module)
    return Model(read, module, binding)


def known_binding(source: Source, spec: str | None = None) -> Binding | None:
    """A checkpoint beside its spec, or the family of its config; ``None`` where that is no family.

    Raises:
        SpecError: the spec breaks a rule, or the config makes no sense to it.
        UsageError: no such family.
    """
    if spec is None and (source.config is None or find_family(source.config) is None):
        return None
    model = bound_model(source, spec)
    assert model.binding is not None
    model.binding.unused = unused_children(model.spec, model.module)
    if model.binding.fits:
        model.binding.mismatched += contradictions(model.spec, model.module)
    return model.binding


def family_binding(source: Source) -> Binding | SpecError | None:
    """The same of the family; the error where its config asks for what the family can't build."""
    try:
        return known_binding(source)
    except SpecError as error:
        return error


def fitting_model(
    source: Source, spec: str | None = None, overrides: Mapping[str, Any] | None = None
) -> Model:
    """The same, of a checkpoint that must fit.

    Raises:
        CheckpointError: it doesn't; every offender is listed.
    """
    model = bound_model(source, spec, overrides)
    assert model.binding is not None
    require_fit(model.binding, model.spec.name if spec is None else show(spec))
    return model


def free_model(spec: str, overrides: Mapping[str, Any] | None = None) -> Model:
    """The model of a spec alone: its parameters have no values yet.

    Raises:
        SpecError: the spec breaks a rule.
        UsageError: no such family, or an override that the spec has no name for.
    """
    read = load_spec(spec, None, overrides)
    return Model(read, build(read))


def family_of(source: Source) -> str:
    """The built-in family that a checkpoint's ``config.json`` names.

    Raises:
        UsageError: there is none; the hint lists the families.
    """
    known = ", ".join(families())
    if source.config is None:
        raise UsageError(
            "no config.json says what it is",
            where=source.where,
            hint=f"name a spec in front: a .yaml file, or one of {known}",
        )
    found = find_family(source.config)
    if found is None:
        kind = source.config.get("model_type", "nothing")
        raise UsageError(
            f"its config.json says model_type {show(str(kind))}, which is no built-in family",
            where=source.where,
            hint=f"name a spec in front: a .yaml file, or one of {known}",
        )
    return found
