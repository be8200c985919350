"""Rename rules from a file: JSON, YAML or tab-separated, by its ending.

    names.json           {"OLD": "NEW", …}
    names.yaml, .yml     OLD: NEW
    anything else        OLD<tab>NEW, a rule a line; empty lines and lines of # do not count

OLD and NEW are paths as on the command line, captures included; all rules apply at once.
"""

from pathlib import Path

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

    tree = parse_object(data, where=where, what="map")
    for old, new in tree.items():
        if not isinstance(new, str):
            raise InputError(f"the new name of '{show(old)}' is no text", where=where)
    return list(tree.items())


def _yaml(data: bytes, where: str) -> list[tuple[str, str]]:
    from paramctl.spec.nodes import expect_map, expect_scalar
    from paramctl.spec.yaml import parse_yaml

    tree = expect_map(parse_yaml(data, where), "a map of names")
    return [(old, expect_scalar(new, "a name").text) for old, new in tree.items()]


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
