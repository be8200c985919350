"""What users type about every hostile file and folder: bounded, polite, and never with a mark."""

import json
import subprocess
import sys
from pathlib import Path

import make_hostile
import spell
from make_hostile_folders import CASES

_SECONDS = 5.0  # of CPU for one command
_PROGRAM = """
import io, json, re, resource, sys, time
from pathlib import Path
from contextlib import redirect_stderr, redirect_stdout
from paramctl.cli.app import run

resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
for line in sys.stdin:
    arguments = json.loads(line)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    started = time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    seconds = time.process_time() - started
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    print(json.dumps([arguments, code, *texts, seconds]))
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
_VERBS = (["inspect"], ["ls", "-f", "table"], ["check"])


def _asked(models):
    """Every verb about every model, all in one process that may use 2 GiB of address space."""
    lines = "".join(
        json.dumps([verb, str(model), *flags]) + "\n" for model in models for verb, *flags in _VERBS
    )
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], input=lines, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    *answers, peak = done.stdout.splitlines()
    return list(map(json.loads, answers)), int(peak) << 10


def _is_mark(character):
    """Whether a terminal would act on it, or a reader not see it."""
    return not character.isprintable() and character != "\n"


def _judge(answers, peak):
    for arguments, code, out, err, seconds in answers:
        assert code in (0, 1, 3), (arguments, code, err)
        assert seconds < _SECONDS, (arguments, seconds)
        assert "Traceback" not in err, arguments
        marks = {mark for mark in out + err if _is_mark(mark)} - {"\t"}
        assert not marks, (arguments, marks)
        if code == 3 and arguments[0] != "check":
            assert out == "", arguments
            assert err.startswith("paramctl: "), arguments
    assert peak < 700 << 20


def test_every_file_is_answered_in_bounds_and_without_a_mark(tmp_path):
    cases = [*make_hostile.cases(), *make_hostile.large_cases()]
    spell.write(tmp_path, {case.file: case.content for case in cases})
    answers, peak = _asked(sorted(tmp_path.iterdir()))
    assert len(answers) == len(_VERBS) * len(cases)
    _judge(answers, peak)


def test_every_folder_is_answered_in_bounds_and_without_a_mark(tmp_path):
    models = []
    for case in CASES:
        folder = tmp_path / case.id
        folder.mkdir()
        models.append(Path(case.build(folder) or folder))
    answers, peak = _asked(models)
    _judge(answers, peak)
