"""Manifests of digests as files: what ``hash`` printed, read again and compared."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paramctl.errors import InputError, UsageError
from paramctl.figures.digest import ALGORITHM
from paramctl.names import escape, natural_key, show

_DIGEST = re.compile(r"[0-9a-f]{64}")
TITLE = f"# {ALGORITHM}"  # what the model's own digest is called, in the first row


@dataclass(frozen=True)
class Mismatch:
    """A tensor whose digest is not the expected one.

    Attributes:
        expected: by the manifest; ``None`` where it does not name the tensor.
        found: in the model; ``None`` where it lacks the tensor.
    """

    name: str
    expected: str | None
    found: str | None

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""
        if self.found is None:
            return "the manifest lists it, the model lacks it"
        if self.expected is None:
            return "the model has it, the manifest doesn't list it"
        return f"expected {self.expected[:16]}…, found {self.found[:16]}…"


def read_manifest(path: Path) -> dict[str, str]:
    """Name to digest from a file that ``hash`` wrote, as JSON or tab-separated; ``-`` is stdin.

    Names from a tab-separated file are escaped as they were printed.

    Raises:
        InputError: the file can't be read or is no such manifest.
    """
    where = show(str(path))
    try:
        text = (Path("/dev/stdin") if where == "-" else path).read_text("utf-8")
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), where=where) from None
    except UnicodeDecodeError:
        raise InputError("a manifest is UTF-8 text, this is not", where=where) from None
    if text.lstrip().startswith("{"):
        return {escape(name): digest for name, digest in _from_json(text, where).items()}
    return _from_lines(text, where)


def _from_json(text: str, where: str) -> dict[str, str]:
    try:
        body: Any = json.loads(text)
    except json.JSONDecodeError as error:
        from paramctl.formats.json_words import what_is_wrong

        problem = what_is_wrong(error)
        raise InputError(f"the manifest is not JSON: {problem}", where=where) from None
    except (ValueError, RecursionError):
        raise InputError("the manifest is not JSON that can be read", where=where) from None
    if "algorithm" not in body and "tensors" not in body:
        raise InputError(
            "this is no manifest: it has no algorithm and no tensors",
            where=where,
            hint="make one: `paramctl hash MODEL > MANIFEST`",
        )
    tensors = body.get("tensors")
    _check_algorithm(body.get("algorithm"), where)
    if not isinstance(tensors, dict) or not all(map(_is_digest, tensors.values())):
        raise InputError("'tensors' is no map of names to digests", where=where)
    return tensors


def _from_lines(text: str, where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    is_first = True
    for number, line in enumerate(text.split("\n"), 1):
        name, tab, digest = line.rpartition("\t")
        if not line or (name, digest) == ("name", "digest"):
            continue
        if is_first and name.startswith("# paramctl-"):
            _check_algorithm(name[2:], where)
            is_first = False
            continue
        is_first = False
        if not tab or not _is_digest(digest):
            problem = f"expected a name, a tab and a digest, found '{show(line[:80])}'"
            raise InputError(problem, where=f"{where}:{number}")
        if name in found:
            raise InputError(f"'{show(name)}' is listed twice", where=f"{where}:{number}")
        found[name] = digest
    return found


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _check_algorithm(name: Any, where: str) -> None:
    if name != ALGORITHM:
        raise InputError(f"the algorithm is {name!r}, wanted {ALGORITHM!r}", where=where)


def mismatches(
    expected: Mapping[str, str], found: Mapping[str, str], names: Sequence[str] | None = None
) -> list[Mismatch]:
    """Every tensor whose digest differs, or that only one side has, in natural order.

    Args:
        expected: by escaped name, as ``read_manifest`` gives it.
        found: by plain name.
        names: plain names to look at; all of either side when ``None``.

    Raises:
        UsageError: there is nothing to compare.
    """
    plain = {escape(name): name for name in found}
    wanted: set[str] = {*expected, *plain} if names is None else set(map(escape, names))
    if not wanted:
        raise UsageError("there is no digest to compare", hint="an empty manifest proves nothing")
    pairs = [
        Mismatch(plain.get(key, key), expected.get(key), found.get(plain.get(key, key)))
        for key in wanted
    ]
    differing = [pair for pair in pairs if pair.expected != pair.found]
    return sorted(differing, key=lambda pair: natural_key(pair.name))
