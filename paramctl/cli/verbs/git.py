"""Let git show what changed in a checkpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.group import several
from paramctl.cli.options import Common, verb

if TYPE_CHECKING:
    from paramctl.listing.git import Change

GROUP = "Judge"

_POINTER = b"version https://git-lfs"
_LONGEST_POINTER = 1024  # bytes
app = several(__doc__)


@app.command("install")
@verb
def install(
    everywhere: Annotated[
        bool, typer.Option("--global", help="For all of your repositories.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what would be done.")
    ] = False,
    *,
    common: Common,
) -> None:
    """Set up git so that `git diff` shows checkpoints by name, shape, dtype and digest.

    Sets a diff driver and a difftool in the configuration of the current repository, and adds
    a line to its .gitattributes. `git difftool -t paramctl` then shows figures.
    """
    from paramctl.listing.git import install as install_driver
    from paramctl.report.emit import emit
    from paramctl.report.report import Column, Report

    changes = install_driver(everywhere=everywhere, dry_run=dry_run)
    names = ("action", "place", "key", "value")
    emit(
        Report(
            "git",
            tuple(Column(name) for name in names),
            [tuple(getattr(change, name) for name in names) for change in changes],
            {"dry_run": dry_run},
            "changes",
            text=lambda screen: _lines(changes),
        ),
        common,
    )
    if dry_run:
        common.say("nothing was changed: this was a dry run")


def _lines(changes: "list[Change]") -> Iterator[str]:
    from paramctl.names import show

    for change in changes:
        value = show(f"{change.key} = {change.value}" if change.key else change.value)
        yield f"{change.action:<9}{show(change.place)}: {value}"


@app.command("textconv")
@verb
def textconv(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file that git hands over.")],
    *,
    common: Common,
) -> None:
    """Print the lock of one file for git to compare; what is no checkpoint is told in a line.

    It looks at the file alone, since git hands over old versions without what lies beside
    them. It exits 0 even where the file can't be read, or git would show no diff at all.
    """
    import sys

    from paramctl.errors import CheckpointError
    from paramctl.report.screen import make_safe

    make_safe(sys.stdout)
    try:
        sys.stdout.writelines(_lock(file))
    except CheckpointError as error:
        sys.stdout.write(_pointer(Path(file)) or f"unreadable: {error.problem}\n")


def _lock(file: str) -> list[str]:
    from paramctl.listing.lock import lock_of
    from paramctl.sources.open import open_source

    with open_source(file, family_ties=lambda config: ()) as source:
        lock = lock_of(source, source.manifest)
        source.check_unchanged()
    return list(lock.lines())


def _pointer(path: Path) -> str:
    """The text of a git-lfs pointer; empty for anything else."""
    if not path.is_file() or path.stat().st_size > _LONGEST_POINTER:
        return ""
    content = path.read_bytes()
    return content.decode("utf-8", "backslashreplace") if content.startswith(_POINTER) else ""
