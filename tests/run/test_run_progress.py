"""The line that says which module runs: late, rarely, and gone in the end."""

import io
import itertools

from paramctl.engine.module import Module
from paramctl.run.progress import ProgressLine


def told(seconds, paths):
    """What a line writes when a module begins every so many seconds."""
    stream, ticks = io.StringIO(), itertools.count()
    line = ProgressLine(stream, clock=lambda: next(ticks) * seconds)
    for path in paths:
        line.before(Module("Linear", path), ())
    line.clear()
    return stream.getvalue().split("\r\x1b[2K")


def test_a_short_run_is_quiet():
    assert told(0.01, ["a", "b", "c"]) == [""]


def test_the_line_is_rewritten_and_wiped_out():
    assert told(0.3, ["a", "b", "c", "d"]) == ["", "3 modules, now c", "4 modules, now d", ""]


def test_it_is_rewritten_ten_times_a_second_at_most():
    lines = told(0.01, [f"m{n}" for n in range(100)])
    assert 4 <= len(lines) <= 8


def test_names_are_escaped_and_cut():
    assert (
        told(1, ["m", "a\x1b[31m" + "x" * 200])[1] == "2 modules, now a\\x1b[31m" + "x" * 46 + "…"
    )
