"""A checkpoint as text, a line per name, so that a change reads well in a diff.

    paramctl-lock 1 MODEL-DIGEST
    NAME DTYPE [SHAPE] DIGEST
    ALIAS = NAME

Lines are in natural order of their names. A name that could not be read back as it is (one
with a space, an escape, a quote in front) is a JSON string. Digests are those of ``hash``.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paramctl.dtypes import DTYPES
from paramctl.errors import InputError
from paramctl.figures.digest import digests_of, model_digest
from paramctl.figures.pieces import Readable
from paramctl.manifest import Entry, Shape
from paramctl.names import escape, natural_key, show

TITLE = "paramctl-lock"
VERSION = "1"

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_SHAPE = re.compile(r"\[(?:\d{1,19}(?:,\d{1,19})*)?\]", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Locked:
    """One name of a lock.

    Attributes:
        dtype, shape, digest: of a stored tensor; empty for an alias.
        tied_to: the name that holds an alias's tensor; ``None`` for a stored tensor.
    """

    name: str
    dtype: str = ""
    shape: Shape = ()
    digest: str = ""
    tied_to: str | None = None

    @property
    def content(self) -> str:
        """The line without the name."""
        if self.tied_to is not None:
            return f"= {spelled(self.tied_to)}"
        return f"{self.dtype} [{','.join(map(str, self.shape))}] {self.digest}"


@dataclass(frozen=True)
class Lock:
    """Every name of a checkpoint, in natural order, and the digest of all of them."""

    tensors: tuple[Locked, ...]
    model: str = field(default="")

    def lines(self) -> Iterator[str]:
        """The text, a line at a time."""
        yield f"{TITLE} {VERSION} {self.model}\n"
        for one in self.tensors:
            yield f"{spelled(one.name)} {one.content}\n"


def lock_of(source: Readable, entries: Iterable[Entry]) -> Lock:
    """The lock of some entries of a source; reads every byte of the stored ones."""
    ordered = sorted(entries, key=lambda entry: natural_key(entry.name))
    stored = [entry for entry in ordered if not entry.is_alias]
    digests = dict(zip((entry.name for entry in stored), digests_of(source, stored), strict=True))
    tensors = tuple(_locked(entry, digests) for entry in ordered)
    return Lock(tensors, model_digest(digests))


def _locked(entry: Entry, digests: dict[str, str]) -> Locked:
    if entry.tied_to is not None:
        return Locked(entry.name, tied_to=entry.tied_to)
    return Locked(entry.name, entry.dtype, entry.shape, digests[entry.name])


def spelled(name: str) -> str:
    """A name as it stands in a lock: by itself, or as a JSON string."""
    is_plain = name and " " not in name and name[0] != '"' and escape(name) == name
    return name if is_plain else json.dumps(name)


def read_lock(path: Path) -> Lock:
    """The lock in a file, or on standard input for ``-``.

    Raises:
        InputError: the file can't be read or is no lock.
    """
    where = show(str(path))
    try:
        stream = Path("/dev/stdin") if where == "-" else path
        return parse_lock(stream.read_text("utf-8"), where)
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), where=where) from None
    except UnicodeDecodeError:
        raise InputError("a lock is UTF-8 text, this is not", where=where) from None


def parse_lock(text: str, where: str) -> Lock:
    """The lock that a text says.

    Raises:
        InputError: with the line that is no line of a lock.
    """
    title, *lines = text.split("\n")
    words = title.split(" ")
    if words[:1] != [TITLE] or len(words) != 3 or not _DIGEST.fullmatch(words[2]):
        raise InputError(f"a lock begins with '{TITLE} {VERSION}' and a digest", where=f"{where}:1")
    if words[1] != VERSION:
        raise InputError(
            f"a lock of version '{show(words[1])}', and only {VERSION} is known", where=f"{where}:1"
        )
    found: dict[str, Locked] = {}
    for number, line in enumerate(lines, 2):
        if not line:
            continue
        one = _parsed(line)
        if one is None:
            problem = f"expected 'NAME DTYPE [SHAPE] DIGEST', found '{show(line[:80])}'"
            raise InputError(problem, where=f"{where}:{number}")
        if one.name in found:
            raise InputError(f"'{show(one.name)}' is listed twice", where=f"{where}:{number}")
        found[one.name] = one
    return Lock(tuple(found.values()), words[2])


def _parsed(line: str) -> Locked | None:
    words = _WORD.findall(line)
    names = [_name(word) for word in (*words[:1], *words[2:3])]
    if " ".join(words) != line or len(words) not in (3, 4) or names[0] is None:
        return None
    if len(words) == 3:
        is_tie = words[1] == "=" and names[1] is not None
        return Locked(names[0], tied_to=names[1]) if is_tie else None
    _, dtype, shape, digest = words
    if dtype not in DTYPES or not _SHAPE.fullmatch(shape) or not _DIGEST.fullmatch(digest):
        return None
    sizes = tuple(map(int, shape[1:-1].split(","))) if len(shape) > 2 else ()
    return Locked(names[0], dtype, sizes, digest)


def _name(word: str) -> str | None:
    if not word.startswith('"'):
        return word
    try:
        name = json.loads(word)
    except ValueError:
        return None
    return name if isinstance(name, str) else None


@dataclass(frozen=True)
class Difference:
    """A name that is not as the lock has it; ``None`` where one side lacks it."""

    name: str
    expected: Locked | None
    found: Locked | None

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""
        if self.found is None:
            return "the lock lists it, the model lacks it"
        if self.expected is None:
            return "the model has it, the lock doesn't list it"
        return f"expected {_short(self.expected)}, found {_short(self.found)}"


def _short(one: Locked) -> str:
    if one.tied_to is not None:
        return f"a tie to {show(one.tied_to)}"
    return one.content[:-48] + "…"


def differences(
    expected: Lock, found: Lock, names: Sequence[str] | None = None
) -> list[Difference]:
    """Every name that is not the same in two locks, in natural order.

    Args:
        names: those to look at; all of either side when ``None``.
    """
    before = {one.name: one for one in expected.tensors}
    after = {one.name: one for one in found.tensors}
    wanted = {*before, *after} if names is None else set(names)
    pairs = (Difference(name, before.get(name), after.get(name)) for name in wanted)
    differing = [pair for pair in pairs if pair.expected != pair.found]
    return sorted(differing, key=lambda pair: natural_key(pair.name))
