"""Rename rules from a file: JSON, YAML or tab-separated, by its ending.

    names.json           {"OLD": "NEW", …}
    names.yaml, .yml     OLD: NEW
    anything else        OLD<tab>NEW, a rule a line; empty lines and lines after # don't count

OLD and NEW are paths as on the command line, captures included; all rules apply at once.
"""

from pathlib import Path
from typing import Any

from paramctl.edit.rename_rules import PathRule
from paramctl.errors import InputError
from paramctl.names import show

_LARGEST = 64 << 20


def read_map(path: Path) -> tuple[PathRule, ...]:
    """The rules of a file, in its order.

    Raises:
        InputError: missing, unreadable, no rules in it, or one that is none, with its line.
    """
    where = show(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), where=where) from None
    if len(data) > _LARGEST:
        raise InputError(f"a map of more than {_LARGEST} bytes is refused", where=where)
    pairs = _PARSERS.get(path.suffix.lower(), _tabs)(data, where)
    if not pairs:
        raise InputError("it holds no rule", where=where)
    return tuple(PathRule(old, new) for old, new in pairs)


def _json(data: bytes, where: str) -> list[tuple[str, str]]:
    from paramctl.formats.strict_json import parse_object

    return _texts(parse_object(data, where=where, what="map"), where)


def _yaml(data: bytes, where: str) -> list[tuple[str, str]]:
    from paramctl.spec.yaml import load_yaml

    return _texts(load_yaml(data.decode("utf-8", "replace"), where), where)


def _texts(tree: Any, where: str) -> list[tuple[str, str]]:
    if not isinstance(tree, dict):
        raise InputError("wanted one name per line, OLD: NEW", where=where)
    for old, new in tree.items():
        if not isinstance(new, str):
            raise InputError(f"the new name of '{show(str(old))}' is no text", where=where)
    return list(tree.items())


def _tabs(data: bytes, where: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        old, tab, new = line.partition("\t")
        if not tab or "\t" in new:
            raise InputError("wanted OLD, a tab, NEW", where=f"{where}:{number}")
        pairs.append((old, new))
    return pairs


_PARSERS = {".json": _json, ".yaml": _yaml, ".yml": _yaml}
