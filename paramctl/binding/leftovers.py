"""Tensors that files carry and models no longer need: positions, frequencies, masks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paramctl.manifest import Manifest
from paramctl.select.choose import choose

_USUAL = re.compile(r"(?:.*\.)?(?:inv_freq|position_ids|token_type_ids)", re.S)


def leftover_names(manifest: Manifest, ignore: Sequence[str]) -> set[str]:
    """The names in a checkpoint that a model need not take.

    Args:
        ignore: selections of what the spec expects of this kind.
    """
    usual = {name for name in manifest.names if _USUAL.fullmatch(name)}
    if not ignore:
        return usual
    return usual | {entry.name for entry in choose(manifest, ignore, allow_empty=True)}
