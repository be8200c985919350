"""Module types and roles of stored tensors, as the family that ``config.json`` names has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from paramctl.manifest import Described


def described(config: Mapping[str, Any], names: Sequence[str]) -> Described:
    """The module type and role of each stored name that the family's spec knows; empty without.

    The specs bring YAML and the engine along, so this is for when a selection asks.

    Raises:
        SpecError: the family can't be built from this config.
    """
    from paramctl.spec.build import build
    from paramctl.spec.load import find_family, load_spec
    from paramctl.spec.manifest import manifest_of
    from paramctl.spec.spellings import Spellings

    family = find_family(config)
    if family is None:
        return {}
    spec = load_spec(family, config)
    spellings = Spellings(spec.prefixes, spec.renamed)
    stored = set(names)
    found = {}
    for entry in manifest_of(build(spec, spellings.present(names))):
        name = next((name for name in spellings.of(entry.name) if name in stored), None)
        if name is not None:
            found[name] = (entry.module_type, entry.role)
    return found
