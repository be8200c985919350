"""Digests of tensors and of the model, and their verification."""

from pathlib import Path
from typing import Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, Select, verb

GROUP = "Judge"


@verb
def run(
    model: Model,
    select: Select = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            "--verify",
            metavar="MANIFEST",
            help="Compare with an earlier manifest; - reads it from stdin.",
        ),
    ] = None,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    common: Common,
) -> None:
    """One digest per tensor and one for the model; no sharding, order or metadata changes them.

    A tensor's is sha256 of 'DTYPE d0,d1' and a newline, then its bytes; the model's is sha256
    of the sorted lines 'name TAB digest'.

    \b
    Examples:
        paramctl hash model/ > MANIFEST
        paramctl hash model/ --verify MANIFEST
    """
    from paramctl.cli.reading import opened, with_values
    from paramctl.compute import traffic
    from paramctl.figures.digest import digests_of, model_digest
    from paramctl.figures.manifest_file import mismatches, read_manifest
    from paramctl.report.emit import emit
    from paramctl.report.of_hash import hash_report, verify_report
    from paramctl.report.progress import progress

    expected = read_manifest(verify) if verify is not None else None
    with opened(model, common) as source:
        entries = with_values(source, select or (), allow_empty, expect)
        names = [entry.name for entry in entries]
        with progress("reading", quiet=common.quiet):
            traffic.expect("read", sum(entry.nbytes or 0 for entry in entries))
            digests = dict(zip(names, digests_of(source, entries), strict=True))
        source.check_unchanged()
    whole = model_digest(digests)
    if expected is None:
        emit(hash_report(digests, whole), common)
        return
    found = mismatches(expected, digests, names if select else None)
    emit(verify_report(found, len(names if select else {*expected, *names}), whole), common)
    if found:
        raise typer.Exit(1)
