"""What is said when a checkpoint does not fit a spec: every offender, and what would help."""

from __future__ import annotations

from paramctl.binding.bind import Binding
from paramctl.binding.suggest import suggest
from paramctl.engine.shapes import show as show_shape
from paramctl.errors import CheckpointError
from paramctl.names import natural_order, show

_LISTED = 10


def require_fit(binding: Binding, spec: str) -> None:
    """Make sure that a checkpoint fits.

    Args:
        spec: what the spec is called in the message.

    Raises:
        CheckpointError: it doesn't; the text lists missing, unexpected and mismatched names.
    """
    if not binding.fits:
        raise CheckpointError(
            _problem(binding, spec), where=binding.source.where, hint=hint(binding)
        )


def hint(binding: Binding) -> str:
    """The rename that would supply half or more of what is missing, as a command; or empty."""
    total = len(binding.missing)
    found = suggest(binding) if total else None
    if found is None or 2 * found.supplied < total:
        return ""
    command = found.command(str(binding.source.path))
    return f"`{command}` would supply {found.supplied} of the {total} missing"


def _problem(binding: Binding, spec: str) -> str:
    shapes = {name: parameter.shape for name, parameter in binding.module.named_parameters()}
    manifest = binding.source.manifest
    missing = [
        f"{show(name)} {show_shape(shapes[name])}" for name in natural_order(binding.missing)
    ]
    unexpected = [
        f"{show(name)} {show_shape(manifest[name].shape)}"  # type: ignore[arg-type]
        for name in binding.unexpected
    ]
    mismatched = [f"{show(found.stored)}: {found.problem}" for found in binding.mismatched]
    groups = {"missing": missing, "unexpected": unexpected, "mismatched": mismatched}
    counts = ", ".join(f"{len(found)} {kind}" for kind, found in groups.items() if found)
    lines = [f"it does not fit {spec}: {counts}"]
    for kind, found in groups.items():
        lines += [f"  {kind}: {line}" for line in found[:_LISTED]]
        if len(found) > _LISTED:
            lines.append(f"  {kind}: {len(found) - _LISTED} more")
    return "\n".join(lines)
