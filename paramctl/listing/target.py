"""What the looking verbs look at: a checkpoint's manifest, or a spec's."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paramctl.binding.words import is_spec
from paramctl.errors import UsageError
from paramctl.manifest import Manifest
from paramctl.names import show
from paramctl.sources.open import open_source
from paramctl.sources.source import Source

if TYPE_CHECKING:
    from paramctl.spec.load import Spec
    from paramctl.spec.shapes import Form


@dataclass(frozen=True)
class Target:
    """A manifest with what is known about where it comes from.

    Attributes:
        title: the argument as it may be printed.
        manifest: its entries; shapes may hold ``None`` where it comes from a spec.
        source: the open checkpoint; ``None`` where nothing is stored.
        family: what the model calls itself, or empty.
        notes: what a user should be warned of.
    """

    title: str
    manifest: Manifest
    source: Source | None = None
    family: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def shards(self) -> list[str]:
        """File names by shard index."""
        return [file.name for file in self.source.files] if self.source else []


@contextmanager
def open_target(
    text: str,
    *,
    overrides: Mapping[str, Any] | None = None,
    forms: "Callable[[Spec], Mapping[str, Form]] | None" = None,
) -> Iterator[Target]:
    """Open a MODEL or a SPEC for looking at; it closes at the end of the block.

    Args:
        overrides: values of a spec's config names.
        forms: shapes and dtypes of a spec's inputs, from which open sizes follow.

    Raises:
        CheckpointError: a checkpoint is missing, unreadable or malformed.
        SpecError: a spec breaks a rule.
        UsageError: an override or input that the spec has not, or one for a checkpoint.
    """
    if is_spec(text):
        yield _of_spec(text, overrides, forms)
        return
    if overrides or forms:
        raise UsageError(
            "--input and --set are for a SPEC, and this is a checkpoint", where=show(text)
        )
    with open_source(text) as source:
        yield target_of(source)


def target_of(source: Source) -> Target:
    """An open checkpoint as what is looked at."""
    return Target(source.where, source.manifest, source, _family(source), source.notes)


def _of_spec(
    text: str,
    overrides: Mapping[str, Any] | None,
    forms: "Callable[[Spec], Mapping[str, Form]] | None",
) -> Target:
    from paramctl.spec.load import load_spec
    from paramctl.spec.manifest import manifest_of
    from paramctl.spec.sized import sized

    spec = load_spec(text, None, overrides)
    module = sized(spec, forms(spec) if forms else None)
    return Target(show(text), manifest_of(module), family=show(spec.name))


def _family(source: Source) -> str:
    """The architecture that ``config.json`` names."""
    config = source.config or {}
    names = config.get("architectures")
    if isinstance(names, list) and names and isinstance(names[0], str):
        return show(names[0])
    family = config.get("model_type")
    return show(family) if isinstance(family, str) else ""
