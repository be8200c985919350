"""The progress line: what it says, when it is drawn, and that it goes away."""

import io
import os
import pty
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramctl.compute.traffic import advance, expect, listening
from paramctl.report.progress import Progress, progress

MIB = 1 << 20


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shown(clock):
    return Progress("reading", "read", io.StringIO(), clock)


def test_nothing_is_drawn_within_the_first_second(shown, clock):
    with listening(shown):
        expect("read", 10)
        clock.now += 0.99
        advance("read", 10)
    shown.erase()
    assert shown.stream.getvalue() == ""


def test_the_line_tells_bytes_share_rate_and_time_left(shown, clock):
    with listening(shown):
        expect("read", 400 * MIB)
        clock.now += 2
        advance("read", 100 * MIB)
    assert shown.stream.getvalue() == (
        "\r\x1b[Kreading 100 MiB of 400 MiB, 25%, 50.0 MiB/s, 6 s left"
    )
    shown.erase()
    assert shown.stream.getvalue().endswith("\r\x1b[K")


def test_it_is_drawn_no_more_than_ten_times_a_second(shown, clock):
    clock.now += 2
    for _ in range(100):
        shown.advance(MIB)
    assert shown.stream.getvalue().count("reading") == 1
    clock.now += 0.1
    shown.advance(MIB)
    assert shown.stream.getvalue().count("reading") == 2


def test_more_than_expected_leaves_the_end_open(shown, clock):
    shown.expect(MIB)
    clock.now += 2
    shown.advance(3 * MIB)
    assert shown.stream.getvalue() == "\r\x1b[Kreading 3.00 MiB, 1.50 MiB/s"


def test_bytes_of_the_other_kind_do_not_count(shown):
    with listening(shown):
        advance("write", 5)
        advance("read", 3)
    assert shown.done == 3


def test_nobody_listens_afterwards(shown):
    with listening(shown):
        pass
    advance("read", 7)
    assert shown.done == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1 s left"), (75, "1 min 15 s left"), (7260, "2 h 1 min left")]
)
def test_long_times_have_larger_units(shown, clock, seconds, text):
    shown.expect(1000 * (seconds + 1))
    shown.advance(1000)
    assert shown.line(clock.now + 1).endswith(text)


@given(st.integers(0, 2**60), st.integers(0, 2**60), st.floats(0, 1e9))
def test_every_state_has_a_line(done, expected, seconds):
    shown = Progress("reading", "read", io.StringIO(), Clock(), done, expected)
    assert shown.line(100.0 + seconds).startswith("reading ")


def test_a_terminal_that_is_gone_stops_nothing(clock):
    stream = io.StringIO()
    shown = Progress("reading", "read", stream, clock)
    clock.now += 2
    stream.close()
    shown.advance(1)
    shown.erase()


def test_a_pipe_sees_no_progress(capsys):
    with progress("reading"):
        advance("read", 1)
    assert capsys.readouterr().err == ""


_SLOW = """
import sys
from paramctl.report import progress as module
from paramctl.compute.traffic import advance, expect
module._PATIENCE = 0
with module.progress("reading", quiet="-q" in sys.argv):
    expect("read", 4)
    advance("read", 2)
"""


def _on_terminal(term, *arguments):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _SLOW, *arguments]
    done = subprocess.run(command, stderr=theirs, env={**os.environ, "TERM": term})
    os.close(theirs)
    assert done.returncode == 0
    try:
        return os.read(ours, 4096)
    except OSError:
        return b""
    finally:
        os.close(ours)


def test_a_terminal_sees_it_come_and_go():
    seen = _on_terminal("xterm")
    assert seen.startswith(b"\r\x1b[Kreading 2 bytes of 4 bytes, 50%, ")
    assert seen.endswith(b"\r\x1b[K")


def test_quiet_and_dumb_terminals_see_none():
    assert _on_terminal("xterm", "-q") == b""
    assert _on_terminal("dumb") == b""


@pytest.fixture
def model(tmp_path):
    import numpy as np
    from safetensors.numpy import save_file

    values = np.random.default_rng(0).standard_normal((300, 400)).astype(np.float32)
    save_file({"a": values, "b": values + 1}, tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("read", ("hash", "MODEL")),
        ("read", ("stats", "MODEL")),
        ("read", ("stats", "MODEL", "--hist", "--quantiles", "0.1,0.5")),
        ("read", ("diff", "MODEL", "MODEL")),
        ("write", ("set", "MODEL", "a", "x * 2", "-o", "OUT")),
        ("write", ("cast", "MODEL", "bf16", "-o", "OUT")),
    ],
)
def test_a_verb_does_just_the_work_that_it_announced(kind, arguments, model, tmp_path):
    from command import expect as run

    shown = Progress("working", kind, io.StringIO(), Clock())
    places = {"MODEL": model, "OUT": tmp_path / "out.safetensors"}
    with listening(shown):
        run(0, *(places.get(word, word) for word in arguments))
    assert shown.done == shown.expected > 900_000


def test_a_check_of_values_reads_what_it_announced_and_some_samples(model):
    from command import expect as run

    shown = Progress("working", "read", io.StringIO(), Clock())
    with listening(shown):
        run(0, "check", model, "--values")
    assert 960_000 == shown.expected <= shown.done < 980_000
