"""What paramctl and the reference reader say about the bytes of a file."""

import os
import re
import tempfile
from collections.abc import Callable
from typing import Any, NamedTuple

import safetensors

from paramctl.errors import CheckpointError
from paramctl.formats.descriptor import Descriptor
from paramctl.formats.header import Header, parse_header, read_header

# Where paramctl is stricter than the reference on purpose: why, and the words that say so.
POLICIES = {
    "a key twice": r"appears twice in the header",
    "an entry as an array": r"the entry is an array",
    "a dtype as a map": r"dtype is an object",
    "nested deeper than 64": r"is nested deeper than 64",
    "mostly brackets": r"of mostly brackets",
    "a number near the end of float64": r"holds a number beyond 1e308",
}


def ours(content: bytes, where: str = "FILE") -> Header | CheckpointError:
    """The header of a file with this content, or the error."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            return read_header(Descriptor(file.fileno(), where))
        except CheckpointError as error:
            return error


def parsed(content: bytes, where: str = "FILE") -> Header | CheckpointError:
    """The same from memory, but for a guess at what else the file may be."""
    try:
        return parse_header(content, file_size=len(content), where=where)
    except CheckpointError as error:
        return error


def reference(content: bytes) -> list[Any] | str:
    """The tensors that the reference reader finds, or its complaint."""
    try:
        return safetensors.deserialize(content)
    except safetensors.SafetensorError as error:
        return str(error)


def reason(text: str) -> str:
    """A complaint of the reference without what varies."""
    text = text.removeprefix("Error while deserializing: ")
    return re.split(r"`| at line|: invalid utf-8", text)[0].strip()


def policy(error: CheckpointError) -> str:
    """The policy that an error follows, or nothing."""
    return next((name for name, words in POLICIES.items() if re.search(words, str(error))), "")


class Judgement(NamedTuple):
    """How two readers agree about a file.

    Attributes:
        kind: ``taken`` or ``refused`` by both, ``stricter: POLICY``, or ``contradictions``.
        problem: what is wrong between the two, empty when nothing is.
    """

    kind: str
    problem: str = ""


def judge(content: bytes, read: Callable[[bytes], Header | CheckpointError] = parsed) -> Judgement:
    """Whether the two readers agree about a file.

    Whatever the reference refuses is refused; what it takes is refused only by policy, and else
    means the same: the same names, dtypes, shapes and bytes.
    """
    mine, theirs = read(content), reference(content)
    if isinstance(theirs, str):
        if isinstance(mine, CheckpointError):
            return Judgement("refused")
        return Judgement("contradictions", f"only the reference refuses: {theirs}")
    if isinstance(mine, CheckpointError):
        if name := policy(mine):
            return Judgement(f"stricter: {name}")
        return Judgement("contradictions", f"only paramctl refuses: {mine}")
    told = {
        entry.name: (entry.dtype, list(entry.shape), content[entry.start : entry.stop])
        for entry in mine.entries
    }
    found = {
        name: (tensor["dtype"], list(tensor["shape"]), bytes(tensor["data"]))
        for name, tensor in theirs
    }
    if told == found:
        return Judgement("taken")
    return Judgement("contradictions", f"read {sorted(told)}, the reference {sorted(found)}")


def contradiction(content: bytes) -> str:
    """What is wrong between the two readers when ours reads a file; empty when nothing is."""
    return judge(content, ours).problem


def row(content: bytes, what: str) -> dict[str, Any]:
    """One line of the table of verdicts."""
    mine, theirs = ours(content), reference(content)
    made: dict[str, Any] = {"what": what}
    if isinstance(mine, CheckpointError):
        made |= {"error": str(mine), "hint": mine.hint}
        if not isinstance(theirs, str):
            made["stricter"] = policy(mine)
    else:
        made["remarks"] = [str(remark) for remark in mine.warnings]
    return made | {"reference": reason(theirs) if isinstance(theirs, str) else "accepts"}


def accepts() -> bool:
    """Whether tables are to be rewritten rather than compared."""
    return os.environ.get("PARAMCTL_ACCEPT") == "1"
