"""Which rows of the capability table the tests here cover, and why the others have none."""

import ast
import functools
import re
from pathlib import Path

import pytest

_RANGES = {
    "MC": 14, "MC-EX": 6, "PA": 26, "PA-EX": 5, "IP": 15, "IP-EX": 1, "LI": 14, "LI-EX": 4,
    "CL": 8, "CL-EX": 4, "RW": 11, "RW-EX": 3, "GP": 10, "GP-EX": 4, "NS": 3,
}  # fmt: skip
TABLE = [
    *(f"{kind}{number}" for kind, count in _RANGES.items() for number in range(1, count + 1)),
    "PA1g",
    "PA-EX1b",
    "NS-EX",
]

_IDS = re.compile(r"([A-Z]{2}[\w-]*(?:, [A-Z]{2}[\w-]*)*): ")

LEFT_OUT = {
    "MC7": "calling a model is shorthand for its forward: Python's spelling, one command here",
    "MC14": "a remark on the speed of Python; measured by benchmarks",
    "PA1g": "the 49 printed weights are not among the facts at hand; PA1 uses the printed input",
    "PA25": "about writing inside a framework's autograd scope; `set` is never on a tape",
    "IP15": "a slip in one framework's code, not to be copied",
    "RW-EX1": "a question to the reader, without a fact",
    "GP6": "about operands on two devices; a run here has one device",
    "GP7": "about the identity of copied arrays in other frameworks",
    "GP-EX1": "a benchmark",
    "GP-EX3": "a benchmark",
    "GP-EX4": "a benchmark of two GPUs",
    "NS-EX": "exercises on paper",
}


@functools.cache
def _covered():
    """The IDs at the beginning of the docstrings of the tests in this folder."""
    found = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                head = _IDS.match(ast.get_docstring(node) or "")
                for key in head[1].split(", ") if head else ():
                    found.setdefault(key, []).append(node.name)
    return found


@pytest.mark.parametrize("key", TABLE)
def test_each_row_has_a_test_or_a_reason(key):
    assert (key in _covered()) is not (key in LEFT_OUT)


def test_no_test_names_a_row_that_is_not_there():
    assert _covered().keys() <= set(TABLE)
    assert LEFT_OUT.keys() <= set(TABLE)
