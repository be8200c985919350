"""Histograms in text."""

from hypothesis import given
from hypothesis import strategies as st

from paramctl.report.bars import bars, sparkline


def test_a_line_of_blocks_shows_every_count_above_zero():
    assert sparkline([0, 1, 1000, 500, 0]) == " ▁█▄ "
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == "  "
    assert sparkline([1, 8], has_unicode=False) == ".%"


def test_bars_fill_the_width():
    assert bars([-1.0, 0.0, 1.0], [1, 2], width=30) == [
        "-1 .. 0  █████████           1",
        " 0 .. 1  ██████████████████  2",
    ]


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.integers(20, 200), st.booleans()
)
def test_lines_are_equally_long_and_none_is_empty_for_a_count(counts, width, has_unicode):
    edges = [float(n) for n in range(len(counts) + 1)]
    lines = bars(edges, counts, width=width, has_unicode=has_unicode)
    assert len({len(line) for line in lines}) == 1
    assert all(
        any(c in line for c in "#▏▎▍▌▋▊▉█") == (n > 0)
        for line, n in zip(lines, counts, strict=True)
    )
    assert has_unicode or all(line.isascii() for line in lines)
