"""What a file is when it is no safetensors file: named as such, with what to do."""

import re
from typing import TYPE_CHECKING

from paramctl.errors import CheckpointError

if TYPE_CHECKING:
    from paramctl.formats.header import Readable

_CONVERT = (
    "load it where you trust it and save it as safetensors; paramctl never runs what a pickle says"
)
_FETCH = "run `git lfs pull` in the folder of the checkpoint"
_AGAIN = "download it again and look at what the server said"
_UNFINISHED = "the file was never written completely: copy or download it again"
_DRAW = "make a checkpoint of it with `paramctl init SPEC -o OUT.safetensors`"
_JSON = "give an index (*.safetensors.index.json), a .safetensors file or a directory"

# What the first bytes say, in the order in which it is tried: pattern, name, hint.
_SIGNS: list[tuple[re.Pattern[bytes], str, str]] = [
    (re.compile(rb"version https://git-lfs", re.S), "a git-lfs pointer, not the file", _FETCH),
    (
        re.compile(rb"\s*<(?:!doctype|html|\?xml|head|body)", re.S | re.I),
        "a web page, not a checkpoint",
        _AGAIN,
    ),
    (
        re.compile(rb"GGUF"),
        "a GGUF file, which paramctl does not read",
        "convert it to safetensors first",
    ),
    (
        re.compile(rb"\x89HDF\r\n\x1a\n"),
        "an HDF5 file (Keras .h5), which paramctl does not read",
        "save its arrays as .npy and make a checkpoint with `paramctl pack`",
    ),
    (
        re.compile(rb"\x93NUMPY"),
        "a NumPy array (.npy)",
        "make a checkpoint of it with `paramctl pack NAME=FILE.npy`",
    ),
    (re.compile(rb"\x80[\x02-\x05].", re.S), "a pickle (PyTorch .pt, .pth, .bin)", _CONVERT),
    (re.compile(rb"\x1f\x8b"), "a gzip archive", "unpack it first"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "a zstandard archive", "unpack it first"),
    (
        re.compile(rb"\xff\xd8\xff|\x89PNG|%PDF|\x7fELF"),
        "an image, a document or a program, not a checkpoint",
        "",
    ),
    (re.compile(rb"(?:\xff\xfe|\xfe\xff|\xef\xbb\xbf)"), "a text file", ""),
    (re.compile(rb"(?:\s*#[^\n]*\n)*\s*(?:paramctl|extends):"), "a spec, not a checkpoint", _DRAW),
    (re.compile(rb"\s*[{\[]\s*[\"\]}]"), "a JSON file, not a checkpoint", _JSON),
]


def identify(file: "Readable") -> CheckpointError | None:
    """The error that names the kind of a file; ``None`` for one nobody knows."""
    size, where = file.size, file.where
    if size == 0:
        return CheckpointError("the file is empty", where=where, hint=_UNFINISHED)
    head = file.read(0, min(4096, size))
    if head.startswith(b"PK\x03\x04"):
        names = _zip_directory(file, size)
        return CheckpointError(f"this is {_zip_kind(names)}", where=where, hint=_zip_hint(names))
    for sign, name, hint in _SIGNS:
        if sign.match(head):
            return CheckpointError(f"this is {name}", where=where, hint=hint)
    if int.from_bytes(head[:8], "big") <= size - 8 and size >= 8 and head[8:9] == b"{":
        return CheckpointError(
            "the length of the header is written big-endian, wanted little-endian", where=where
        )
    return None


def _zip_kind(names: bytes) -> str:
    if b"data.pkl" in names:
        return "a PyTorch checkpoint (a zip with a pickle inside)"
    if b".npy" in names:
        return "a NumPy archive (.npz)"
    if b"config.json" in names and b".weights.h5" in names:
        return "a Keras model (.keras)"
    return "a zip archive"


def _zip_hint(names: bytes) -> str:
    if b"data.pkl" in names:
        return _CONVERT
    if b".npy" in names:
        return "unpack it and make a checkpoint with `paramctl pack NAME=FILE.npy`"
    return "unpack it first"


def _zip_directory(file: "Readable", size: int) -> bytes:
    """The two ends of a zip, where member names stand; enough to tell its kind."""
    end = 1 << 16
    return file.read(0, min(end, size)) + file.read(max(0, size - end), size)
