"""The verdict of a check as SARIF 2.1.0, which code hosts show beside the files concerned.

A finding's place is the file of the model and, as a logical location, the tensor.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0, sections 3.14 to 3.33.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from paramctl import __version__
from paramctl.check.finding import Finding, Verdict
from paramctl.check.rule import Rule, all_rules
from paramctl.formats.folder import INDEX, SINGLE
from paramctl.names import escape, show
from paramctl.sources.address import is_url, shown

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(found: Verdict, model: str) -> Iterator[str]:
    """The lines of the document.

    Args:
        model: what was checked, as it was given.
    """
    known = {rule.id: rule for rule in all_rules()}
    ids = list(dict.fromkeys([*found.rules, *(one.rule for one in found.findings)]))
    places = {rule: place for place, rule in enumerate(ids)}
    driver = {
        "name": "paramctl",
        "version": __version__,
        "rules": [_rule(rule, known.get(rule)) for rule in ids],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, places[one.rule], model) for one in found.findings],
    }
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(id: str, rule: Rule | None) -> dict[str, Any]:
    made: dict[str, Any] = {"id": id}
    if rule is None:
        return made
    if rule.what:
        made["shortDescription"] = {"text": rule.what}
    if rule.hint:
        made["help"] = {"text": rule.hint}
    made["defaultConfiguration"] = {"level": _LEVELS[rule.severity]}
    made["properties"] = {"tags": [rule.group]}
    return made


def _result(one: Finding, place: int, model: str) -> dict[str, Any]:
    named = f"{show(one.name)}: " if one.name else ""
    hint = f"\n{show(one.hint)}" if one.hint else ""
    file, is_file = _file(model, one.name)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": file},
            "region": {"startLine": 1},  # code hosts want a line, a checkpoint has none
        }
    }
    if one.name and not is_file:
        full = escape(one.name)
        location["logicalLocations"] = [{"fullyQualifiedName": full, "kind": "resource"}]
    identity = hashlib.sha256(f"{one.rule}\0{escape(one.name)}\0{one.message}".encode())
    return {
        "ruleId": one.rule,
        "ruleIndex": place,
        "level": _LEVELS[one.severity],
        "message": {"text": f"{named}{show(one.message)}{hint}"},
        "locations": [location],
        "partialFingerprints": {"paramctl/v1": identity.hexdigest()},
    }


def _file(model: str, name: str) -> tuple[str, bool]:
    """The file that a finding is about as a URI, and whether it is the finding's own name."""
    if is_url(model):
        return shown(model), False
    path = Path(model)
    own = path / name if path.is_dir() else path.parent / name
    is_file = bool(name) and "\0" not in name and len(name) < 256 and own.is_file()
    target = own if is_file else _place(path)
    if target.is_absolute():
        return f"file://{quote(str(target), errors='surrogatepass')}", is_file
    return quote(str(target), errors="surrogatepass"), is_file


def _place(model: Path) -> Path:
    """The file of a folder that stands for the model, so that code hosts can show a finding."""
    held = (model / INDEX, model / SINGLE)
    return next((path for path in held if path.is_file()), model)
