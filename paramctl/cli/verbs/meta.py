"""Show the metadata of a file."""

from paramctl.cli.options import Common, Model, verb

GROUP = "Look"


@verb
def run(model: Model, *, common: Common) -> None:
    """Show the metadata of a file."""
    from paramctl.report.emit import emit
    from paramctl.report.metadata import metadata
    from paramctl.sources.open import open_source

    with open_source(model) as source:
        for note in source.notes:
            common.say(f"warning: {note}")
        emit(metadata(source.manifest.metadata), common)
