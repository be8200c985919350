"""Files of a Hugging Face cache, whose names say what they hold."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from paramctl.check.rule import rule
from paramctl.check.subject import Subject

_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT = re.compile(r"[0-9a-f]{40}")
_BLOCK = 1 << 20


@rule("blob-name", "format", needs="values", hint="delete the blob and download it again")
def blob_name(subject: Subject) -> Iterator[tuple[str, str]]:
    """A file in a Hugging Face cache does not have the digest that its blob is named after."""
    source = subject.source
    for path in (*source.local_files, source.index_path, source.config_path):
        if not isinstance(path, Path) or not path.is_file():
            continue
        blob = path.resolve()
        if blob.parent.name == "blobs" and (wanted := _digest(blob)) not in ("", blob.name):
            yield path.name, f"the blob is named {blob.name[:12]}…, its digest is {wanted[:12]}…"


def _digest(blob: Path) -> str:
    """Of large files sha256, of small ones what git calls them; empty for another name."""
    if _SHA256.fullmatch(blob.name):
        found = hashlib.sha256()
    elif _GIT.fullmatch(blob.name):
        found = hashlib.sha1(f"blob {blob.stat().st_size}\0".encode(), usedforsecurity=False)
    else:
        return ""
    with blob.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
