"""No spec reaches a file, a module, an attribute or the interpreter, or takes long to say so."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from spec.hostile_specs import SHELL, WAYS_OUT, corpus

HERE = Path(__file__).parent
GOOD = [
    *sorted((HERE.parents[1] / "fixtures" / "specs").glob("*.yaml")),
    *sorted((HERE.parents[1] / "paramctl" / "spec" / "families").glob("*.yaml")),
]
MUTATIONS = 250
WARM = {
    "wrong layer": "paramctl: 1\nmodel: Linaer(4)\n",
    "wrong yaml": "paramctl: 1\nmodel: [\n",
    "wrong character": "paramctl: 1\nname: \0\n",
    "a loop": SHELL + "while sum(x) < 9:\n      x = 2 * x\n    return softmax(fc(x))\n",
    "a wrong call": SHELL + "return softmax(x, 3, 4, 5)\n",
    "a syntax error": SHELL + "return x +\n",
}


def mutated(texts: list[str], count: int, seed: int) -> dict[str, bytes]:
    """Texts with pieces cut, doubled, swapped, or with numbers and names put in."""
    rng = random.Random(seed)
    numbers = [b"0", b"-1", b"None", b"1e400", b"2**63", b"10**30", b"x", b"i", b"relu", b"x.y"]
    found = {}
    for number in range(count):
        data = bytearray(rng.choice(texts).encode())
        for _ in range(rng.randint(1, 4)):
            start = rng.randrange(len(data) + 1)
            stop = min(len(data), start + rng.randint(0, 40))
            piece = data[start:stop]
            match rng.randrange(5):
                case 0:
                    del data[start:stop]
                case 1:
                    data[start:start] = piece * rng.randint(1, 5)
                case 2:
                    data[start:stop] = rng.choice(numbers)
                case 3:
                    other = rng.choice(texts).encode()
                    at = rng.randrange(len(other) + 1)
                    data[start:stop] = other[at : at + 60]
                case 4:
                    data[start : start + 1] = bytes([rng.choice(b"[](){}:,#&*!|>'\"%@-= \n\tx0.")])
        found[f"mutation {number}"] = bytes(data)
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What became of every spec, in one process that may do nothing but read it."""
    folder = tmp_path_factory.mktemp("specs")
    texts = [*corpus().values()]
    small = [text for text in texts if len(text) < 5000]
    good = [path.read_text() for path in GOOD]
    specs = {name: text.encode() for name, text in corpus().items()}
    specs |= mutated([*small, *good, *good], MUTATIONS, seed=3)
    names = {
        f"{'large' if name.startswith('large') else 'small'}-{number:04}.yaml": name
        for number, name in enumerate(specs)
    }
    for file, name in names.items():
        (folder / file).write_bytes(specs[name])
    (folder / "warm").mkdir()
    for number, text in enumerate([*WARM.values(), *good]):
        (folder / "warm" / f"{number}.yaml").write_text(text)
    ended = subprocess.run(
        [sys.executable, HERE / "audited.py", folder],
        capture_output=True,
        text=True,
        timeout=1200,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1]), "OPENBLAS_NUM_THREADS": "1"},
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout[-200:]
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(rows) == len(names)
    return {names[file]: (became, seconds) for file, became, seconds in rows}


def test_nothing_but_the_spec_is_touched(results):
    """The process would have ended at the first event that is not reading a spec."""
    assert {became for became, _ in results.values()} <= {
        "SpecError", "UsageError", "MemoryError", "built", "ran"
    }  # fmt: skip


def test_each_spec_takes_less_than_a_second(results):
    slow = {
        name: round(seconds, 2)
        for name, (became, seconds) in results.items()
        if seconds > 1 and not (became in ("built", "ran") and name.startswith("large"))
    }
    assert slow == {}


def test_a_model_at_the_bound_is_built_in_seconds(results):
    became, seconds = results["large: at the bound"]
    assert became in ("built", "ran")
    assert seconds < 10


def test_every_way_out_is_closed(results):
    """Those that reach nothing and ask for little may run."""
    ran = [
        name for name, (became, _) in results.items() if name.startswith("way") and became == "ran"
    ]
    assert len(WAYS_OUT) > 70
    assert ran == []
