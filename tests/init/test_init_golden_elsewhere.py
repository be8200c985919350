"""The golden digests on the oldest NumPy that is supported, and on a processor without extras."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from init.test_init_golden import GOLDEN
from other_releases import install

TESTS = Path(__file__).parents[1]
OLDEST = "2.1.2"
TRIED = OLDEST if sys.version_info < (3, 14) else "2.3.2"  # the first for that Python
FEATURES = """
from numpy._core._multiarray_umath import __cpu_dispatch__ as known, __cpu_features__ as found
print(*(name for name in known if found[name]))
"""
DIGESTS = """
import json
import numpy as np
from numpy._core._multiarray_umath import __cpu_dispatch__ as known, __cpu_features__ as found
from init.init_examples import EXAMPLES
from init.test_init_golden import current
from paramctl.init.draw import draw
initializer, _, axes = EXAMPLES["orthogonal"]
matrix = draw(initializer, 20, "orthogonal", (3, 3), "F64", axes).tolist()
enabled = [name for name in known if found[name]]
print(json.dumps({"numpy": np.__version__, "enabled": enabled, "orthogonal": matrix, **current()}))
"""


def run(script, numpy, disabled=""):
    """The output of a script in a process with another NumPy, or without some features."""
    folders = [*([str(numpy)] if numpy else []), str(TESTS), str(TESTS.parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    if disabled:
        environment["NPY_DISABLE_CPU_FEATURES"] = disabled
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=[TRIED, np.__version__])
def numpy(request, tmp_path_factory):
    """The version, and the folder it is in; ``None`` for the one of these tests."""
    if request.param == np.__version__:
        return request.param, None
    return request.param, install(tmp_path_factory.mktemp("numpy"), f"numpy=={request.param}")


@pytest.mark.parametrize("is_basic", [False, True], ids=["all features", "basic features"])
def test_bits_are_the_same_elsewhere(numpy, is_basic):
    version, folder = numpy
    disabled = run(FEATURES, folder).strip() if is_basic else ""
    found = json.loads(run(DIGESTS, folder, disabled))
    assert found.pop("numpy") == version
    assert not (is_basic and found.pop("enabled"))
    found.pop("enabled", None)
    matrix, wanted = found.pop("orthogonal"), dict(GOLDEN)
    assert np.abs(np.array(matrix) - np.array(wanted.pop("orthogonal"))).max() < 1e-9
    assert found == wanted


def test_the_oldest_numpy_is_the_one_that_the_package_asks_for():
    text = (TESTS.parent / "pyproject.toml").read_text()
    assert f'"numpy>={OLDEST},<3"' in text
