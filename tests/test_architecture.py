"""The house rules: import directions, budgets, types, and a light start."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "paramctl"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 300
LONGEST_FUNCTION = 40


def tool(*arguments: str) -> None:
    """Run a tool of this environment over the project; its output is the failure's text."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@functools.cache
def imports(file: Path) -> set[str]:
    """The top-level packages a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def relative(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


def test_rooms_import_only_from_rooms_below():
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([script], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_is_typed_without_gaps():
    tool("mypy")


def test_the_code_is_linted_and_formatted():
    tool("ruff", "check", ".")
    tool("ruff", "format", "--check", ".")


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_a_file_is_one_idea_in_few_lines(file):
    """A file says what it is for, and stays within the budget of lines for files and functions."""
    text = file.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a file begins with its idea"
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.end_lineno:
            doc = ast.get_docstring(node, clean=False) or ""
            lines = node.end_lineno - node.lineno + 1 - len(doc.splitlines())
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


def test_public_functions_and_classes_have_docstrings():
    bare = [
        f"{relative(file)}:{node.lineno} {node.name}"
        for file in FILES
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("package", "room"), [("cupy", "compute/"), ("rich", "report/"), ("typer", "cli/")]
)
def test_a_heavy_package_lives_in_one_room(package, room):
    users = {relative(file) for file in FILES if package in imports(file)}
    assert all(user.startswith(room) for user in users), users


def test_nothing_that_runs_code_from_data_is_imported():
    for file in FILES:
        assert not imports(file) & {"pickle", "torch", "transformers", "dill", "marshal", "shelve"}


def test_no_room_is_named_for_nothing():
    banned = {"utils", "util", "helpers", "common", "core", "manager", "misc"}
    assert not {file.stem for file in FILES} & banned


def test_every_export_of_the_library_is_documented():
    import paramctl

    for name in paramctl.__all__:
        piece = getattr(paramctl, name)
        assert piece.__doc__, name
