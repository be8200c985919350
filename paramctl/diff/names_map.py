"""What tensors of A are called in B, from the same files that ``rename --map`` takes."""

from pathlib import Path

from paramctl.manifest import Manifest


def names_map(path: Path, manifest: Manifest) -> dict[str, str]:
    """New name by old name, for the tensors that the rules of a file concern.

    Raises:
        InputError: the file can't be read.
        UsageError: a rule concerns no tensor.
    """
    from paramctl.edit.rename import Rename
    from paramctl.edit.rename_map import read_map

    return Rename(table=read_map(path)).names(manifest)
