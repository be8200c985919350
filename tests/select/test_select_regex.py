"""Regular expressions never run for ever, whichever thread asks."""

import re
import threading

import pytest

from paramctl.errors import SelectionError
from paramctl.select import regex
from paramctl.select.regex import compiled, matching

SLOW = [r"(a+)+$", r"(a|a)*b", r"(?:a?){40}a{40}", r"(?=(a+)+b)", r"(a*)*\1b"]
NAME = "a" * 45 + "!"


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_takes_for_ever_is_stopped(pattern):
    names = ["a" * 40] if pattern == r"(?:a?){40}a{40}" else [NAME]
    with pytest.raises(SelectionError) as caught:
        matching(pattern, names, seconds=0.05)
    assert (
        str(caught.value)
        == f"'re:{pattern.replace(chr(92), chr(92) * 2)}' took more than 0.05 seconds for 1 names"
    )
    assert (
        caught.value.hint
        == "repetitions inside repetitions, as in (a+)+, take for ever: use a glob"
    )


def in_a_thread(function):
    """What a function returns or raises in another thread."""
    found = []

    def run():
        try:
            found.append(function())
        except SelectionError as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def test_other_threads_get_the_same_names():
    assert in_a_thread(lambda: matching("a.*", ["ab", "ba", "a\ud800"])) == ["ab", "a\ud800"]


def test_other_threads_are_stopped_too(monkeypatch):
    error = in_a_thread(lambda: matching(SLOW[0], [NAME], seconds=-0.5))
    assert str(error) == "'re:(a+)+$' took more than -0.5 seconds for 1 names"


def test_a_regex_must_match_the_whole_name():
    assert matching("a", ["a", "ab", "ba", "a\n"]) == ["a"]


def test_the_alarm_of_the_program_is_put_back():
    import signal

    before = signal.getsignal(signal.SIGALRM)
    matching("a", ["a"])
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_can_not_be_compiled_is_one_kind_of_error():
    for pattern in (
        "(",
        "a{1,99999999999}",
        "(" * 5000,
        "a" * (regex.LONGEST + 1),
        "(?P<a>)(?P<a>)",
    ):
        with pytest.raises(re.error):
            compiled(pattern)


def test_warnings_of_the_compiler_are_not_the_users():
    assert compiled("[[a]").fullmatch("a")
