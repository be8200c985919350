"""The README and the golden sessions say what the program does."""

import re
from pathlib import Path

import pytest
from console import FIXTURES, check

PROJECT = Path(__file__).parent.parent
DOCUMENTS = [PROJECT / "README.md", *sorted((FIXTURES / "cases").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_shows_what_happens(document, tmp_path):
    check(document, tmp_path)


def test_every_command_of_the_readme_is_run():
    """Shell blocks other than the two set-up commands are console sessions, which are run."""
    blocks = re.findall(r"^```(\w+)", (PROJECT / "README.md").read_text(), re.M)
    assert set(blocks) <= {"console", "sh", "yaml", "text"}
    assert blocks.count("sh") == 2
