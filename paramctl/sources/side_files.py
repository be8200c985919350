"""The files that travel with a model and hold no weights: configuration, tokenizer, text."""

import os
from pathlib import Path

from paramctl.formats.folder import is_weights
from paramctl.sources.paths import is_regular


def side_files(folder: Path) -> list[Path]:
    """Regular files below the folder, sorted; no weights or indices, nothing behind a dot."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(parent, name)
            for name in names
            if not name.startswith(".") and not is_weights(name) and is_regular(Path(parent, name))
        ]
    return sorted(found)
