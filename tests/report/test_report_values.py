"""One value as text, for people and for programs."""

import pytest

from paramctl.report.report import Column
from paramctl.report.values import Shapes, bytes_text, human, number_text, raw, seconds_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.00 KiB"),
        (1536, "1.50 KiB"),
        (10 * 1024, "10.0 KiB"),
        (999 * 1024, "999 KiB"),
        (1000 * 1024, "0.98 MiB"),
        (90_868_376, "86.7 MiB"),
        (140 * 2**30, "140 GiB"),
        (3 * 2**60, "3072 PiB"),
    ],
)
def test_bytes_have_three_figures_and_binary_units(count, text):
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.333333"),
        (1e-9, "1e-09"),
        (12345678, "12,345,678"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (1.5 - 2j, "1.5-2j"),
        (True, "True"),
    ],
)
def test_numbers_for_people(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("kind", "value", "seen", "piped"),
    [
        ("count", 22713728, "22,713,728", "22713728"),
        ("bytes", 2048, "2.00 KiB", "2048"),
        ("number", 1 / 3, "0.333333", "0.3333333333333333"),
        ("number", float("nan"), "NaN", "NaN"),
        ("shape", (384, None), "[384,?]", "[384,?]"),
        ("shape", (), "[]", "[]"),
        ("shape", Shapes([(2,), (3, 4)]), "[2] [3,4]", "[2] [3,4]"),
        ("name", "a\tb\n\x1b[31m", "a\\x09b\\x0a\\x1b[31m", "a\\x09b\\x0a\\x1b[31m"),
        ("text", "\u202e", "\\u{202e}", "\\u{202e}"),
        ("numbers", (1 / 3, 2.0), "0.3333, 2", "0.3333333333333333,2.0"),
    ],
)
def test_a_value_is_readable_on_a_terminal_and_raw_in_a_pipe(kind, value, seen, piped):
    column = Column("c", kind)
    assert (human(value, column), raw(value, column)) == (seen, piped)


def test_what_is_missing_is_written_as_the_column_says():
    assert human(None, Column("numel", "count", "?")) == "?"
    assert raw(None, Column("text")) == ""


def test_a_pipe_gets_the_whole_of_a_name_and_a_terminal_both_its_ends():
    name = "n" * 2_000
    assert raw(name, Column("name", "name")) == name
    assert human(name, Column("name", "name")) == f"{'n' * 256}…1488 more…{'n' * 256}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.00 us"), (2.737e-4, "274 us"), (9.996e-4, "1.00 ms"), (0.0195, "19.5 ms"),
     (0.99949, "999 ms"), (1.0, "1.00 s"), (3725.2, "3725 s")],
)  # fmt: skip
def test_times_have_three_figures_and_a_unit(seconds, text):
    assert seconds_text(seconds) == text
