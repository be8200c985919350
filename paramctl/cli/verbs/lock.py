"""Names, shapes, dtypes and digests as text for version control."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, Select, verb

if TYPE_CHECKING:
    from paramctl.listing.lock import Lock
    from paramctl.manifest import Entry
    from paramctl.sources.source import Source

GROUP = "Judge"


@verb
def run(
    model: Model,
    select: Select = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            "--verify", metavar="LOCK", help="Compare with an earlier lock; - reads it from stdin."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the lock there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    common: Common,
) -> None:
    """Names, shapes, dtypes and digests as text that reads well in a git diff.

    A line per name in natural order, digests as of hash. --verify names every tensor that is
    not as an earlier lock has it; exit 1 where there is one.

    \b
    Examples:
        paramctl lock model/ -o model.lock
        paramctl lock model/ --verify model.lock
    """
    from paramctl.cli.reading import opened
    from paramctl.errors import UsageError
    from paramctl.listing.lock import read_lock
    from paramctl.select.choose import choose

    if output and (verify or common.form):
        raise UsageError("-o writes the text of a lock", hint="leave out --verify and -f")
    expected = read_lock(verify) if verify else None
    with opened(model, common) as source:
        shards = [path.name for path in source.files]
        entries = choose(
            source.manifest, select or (), allow_empty=allow_empty, expect=expect, shards=shards
        )
        if output:
            _write(source, entries, output, force, common)
            return
        lock = _locked(source, entries)
    if expected is None:
        _print(lock, common)
    else:
        _compare(expected, lock, [entry.name for entry in entries] if select else None, common)


def _locked(source: "Source", entries: "list[Entry]") -> "Lock":
    from paramctl.listing.lock import lock_of

    lock = lock_of(source, entries)
    source.check_unchanged()
    return lock


def _write(
    source: "Source", entries: "list[Entry]", output: Path, force: bool, common: Common
) -> None:
    from paramctl.formats.destination import choose_output, identity
    from paramctl.formats.write_output import write_output
    from paramctl.names import counted, show

    inputs = [identity(path.stat()) for path in source.local_files if path.exists()]
    place = choose_output(output, inputs=inputs, force=force)
    lock = _locked(source, entries)
    write_output(place, (line.encode() for line in lock.lines()))
    common.say(f"wrote {show(str(output))}: {counted(len(entries), 'name')}")


def _print(lock: "Lock", common: Common) -> None:
    from dataclasses import replace

    from paramctl.report.emit import emit
    from paramctl.report.of_lock import lock_report

    emit(lock_report(lock), replace(common, form=common.form or "table"))


def _compare(expected: "Lock", lock: "Lock", names: list[str] | None, common: Common) -> None:
    from paramctl.listing.lock import differences
    from paramctl.report.emit import emit
    from paramctl.report.of_lock import locked_report

    found = differences(expected, lock, names)
    every = {one.name for one in (*expected.tensors, *lock.tensors)}
    emit(locked_report(found, len(every if names is None else names), lock.model), common)
    if found:
        raise typer.Exit(1)
