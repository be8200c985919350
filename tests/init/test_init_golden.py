"""The bits are a promise: a digest per scheme, on every supported NumPy and processor."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from init.init_examples import EXAMPLES

from paramctl.init.draw import draw
from paramctl.init.stream import BLOCK, VERSION, Stream

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
PROPERTIES_ONLY = {name for name in EXAMPLES if "orthogonal" in name}


def digest(name: str, dtype: str) -> str:
    initializer, shape, axes = EXAMPLES[name]
    return hashlib.sha256(draw(initializer, 20, name, shape, dtype, axes).tobytes()).hexdigest()


def current() -> dict:
    """What golden.json holds; ``python -m init.test_init_golden`` in tests/ prints it."""
    schemes = sorted(set(EXAMPLES) - PROPERTIES_ONLY)
    return {
        "version": VERSION,
        "block": BLOCK,
        "schemes": {
            name: {dtype: digest(name, dtype) for dtype in ("F32", "BF16", "F64")}
            for name in schemes
        },
        "long": {
            kind: hashlib.sha256(getattr(Stream(0, "weight"), kind)(0, BLOCK + 9)).hexdigest()
            for kind in ("uniform", "normal")
        },
        "first": {
            kind: [repr(float(x)) for x in getattr(Stream(0, "weight"), kind)(0, 4)]
            for kind in ("uniform", "normal")
        },
    }


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - PROPERTIES_ONLY))
@pytest.mark.parametrize("dtype", ["F32", "BF16", "F64"])
def test_bits_of_a_scheme(name, dtype):
    assert digest(name, dtype) == GOLDEN["schemes"][name][dtype]


def test_version_and_first_values():
    assert {key: GOLDEN[key] for key in ("version", "block", "long", "first")} == {
        key: value for key, value in current().items() if key != "schemes"
    }


def test_there_is_a_digest_for_every_scheme_and_no_other():
    assert sorted(GOLDEN["schemes"]) == sorted(set(EXAMPLES) - PROPERTIES_ONLY)


def test_orthogonal_draws_agree_to_a_billionth_on_any_library():
    initializer, _, axes = EXAMPLES["orthogonal"]
    values = draw(initializer, 20, "orthogonal", (3, 3), "F64", axes)
    assert np.abs(values - np.array(GOLDEN["orthogonal"])).max() < 1e-9


if __name__ == "__main__":
    scheme, _, axes = EXAMPLES["orthogonal"]
    matrix = draw(scheme, 20, "orthogonal", (3, 3), "F64", axes).tolist()
    print(json.dumps({**current(), "orthogonal": matrix}, indent=1))
