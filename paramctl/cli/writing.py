"""Options that every edit shares, and the one way from steps to a written checkpoint."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.grouped import grouped
from paramctl.cli.options import Common

if TYPE_CHECKING:
    from paramctl.compute.traffic import Kind
    from paramctl.edit.plan import Plan, Step
    from paramctl.edit.write import Where
    from paramctl.formats.destination import Destination
    from paramctl.sources.source import Source


@dataclass(frozen=True)
class Writing:
    """Where an edit writes to, and whether it does."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT",
            help="A new .safetensors file; any other name is a folder.",
        ),
    ] = None  # fmt: skip
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Replace MODEL itself, after the last read.")
    ] = False
    backup: Annotated[
        bool, typer.Option("--backup", help="Keep what is replaced, as NAME.bak.")
    ] = False
    force: Annotated[
        bool, typer.Option("--force", help="Replace the checkpoint that is at OUT.")
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show the plan and write nothing.")
    ] = False
    provenance: Annotated[
        bool,
        typer.Option("--provenance", help="Record steps, inputs and version in the metadata."),
    ] = False

    def refuse_no_place(self) -> None:
        """Refuse no place, or two, before anything is planned.

        Raises:
            UsageError: neither or both of OUT and in place, unless a dry run needs none.
        """
        from paramctl.edit.write import expect_place

        if self.has_place:
            expect_place(self.where())

    @property
    def has_place(self) -> bool:
        """Whether the place matters: a dry run needs none."""
        return not self.dry_run or self.output is not None or self.in_place

    def where(self) -> "Where":
        """The place for the writer."""
        from paramctl.edit.write import Where

        return Where(self.output, self.in_place, self.force, self.backup)


# The writing options arrive together in a verb's argument ``writing``; a verb without a MODEL has
# nothing to replace or to keep.
writes = grouped("writing", Writing)
writes_anew = grouped("writing", Writing, ("output", "force", "dry_run", "provenance"))


def carry_out(
    verb: str, model: str, steps: "Sequence[Step]", writing: Writing, common: Common
) -> None:
    """Plan the steps for a checkpoint, write the result unless it is a dry run, and report."""
    from paramctl.sources.open import open_source

    with open_source(model) as source:
        writing.refuse_no_place()
        finish(verb, planned(source, steps, common), writing, common)


def planned(source: "Source", steps: "Sequence[Step]", common: Common) -> "Plan":
    """The plan of some steps; how far it is, where steps read to decide."""
    from paramctl.edit.plan import plan
    from paramctl.report.progress import progress

    with progress("reading", quiet=common.quiet):
        return plan(source, steps)


def finish(
    verb: str,
    made: "Plan",
    writing: Writing,
    common: Common,
    *,
    store: "Callable[[Plan, Destination], None] | None" = None,
    traffic: "Kind" = "write",
) -> None:
    """Write a plan unless it is a dry run; say what was chosen, print what changes.

    Args:
        store: writes it, where it is no ordinary checkpoint.
        traffic: which bytes tell how far it is.
    """
    from paramctl.edit.summary import effects, summary
    from paramctl.edit.write import destination, write
    from paramctl.report.progress import progress

    place = destination(made, writing.where()) if writing.has_place else None
    announce(made, common)
    if writing.provenance:
        from paramctl.edit.provenance import record

        with progress("reading", quiet=common.quiet):
            record(made)
    if place is not None and not writing.dry_run:
        what = "writing" if traffic == "write" else "reading"
        with progress(what, traffic, quiet=common.quiet):
            (store or write)(made, place)
    told = effects(made) if writing.dry_run else ()
    for note in (*told, *made.draft.notes, *_left_behind(made, writing)):
        common.say(f"note: {note}")
    path = place.path if place else None
    if writing.dry_run or common.form:
        report(verb, made, path, common, dry_run=writing.dry_run)
    else:
        common.say(f"wrote {path}: {summary(made)}")


def announce(made: "Plan", common: Common) -> None:
    """Pass on what the inputs warn of, and say how many tensors each step is about."""
    for source in made.draft.inputs:
        for note in source.notes:
            common.say(f"warning: {note}")
    for matched, total in made.chosen:
        common.say(f"selected {matched} of {total} tensors")


def _left_behind(made: "Plan", writing: Writing) -> list[str]:
    """What a change means for a config.json that does not come along."""
    config = made.draft.config
    if not config or writing.output is None or writing.output.suffix != ".safetensors":
        return []
    pairs = ", ".join(f"{key} {json.dumps(value)}" for key, value in config.items())
    return [f"OUT is one file; a config.json beside it has to say {pairs}"]


def report(verb: str, made: "Plan", path: Path | None, common: Common, *, dry_run: bool) -> None:
    """Print what changes on stdout."""
    from paramctl.edit.layout import merged_metadata
    from paramctl.report.edited import edited
    from paramctl.report.emit import emit

    metadata = merged_metadata(made.draft) if verb == "meta" else None
    emit(edited(verb, made.changes, path, dry_run=dry_run, metadata=metadata), common)
