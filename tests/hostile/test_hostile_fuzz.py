"""Headers broken at random: never taken where the reference refuses, never another exception."""

import re

from hostile import fuzz, verdict


def test_two_readers_agree_on_thousands_of_broken_files():
    for content in fuzz.mutants(10_000, seed="20"):
        assert verdict.judge(content).problem == "", content


def test_a_sample_is_worth_its_time():
    """A third is taken, so that changes go deep, and every policy but the costly one is met."""
    kinds, _ = fuzz.tried(("20", 10_000))
    assert kinds["taken"] > 2000
    assert kinds["refused"] > 2000
    met = {kind.removeprefix("stricter: ") for kind in kinds if kind.startswith("stricter: ")}
    assert met >= set(verdict.POLICIES) - {"mostly brackets", "a number near the end of float64"}


def test_a_file_is_read_alike_from_memory_and_from_a_disk():
    for content in fuzz.mutants(500, seed="21"):
        assert verdict.judge(content).kind == verdict.judge(content, verdict.ours).kind


def test_the_same_files_are_tried_by_any_number_of_jobs(monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "BLOCK", 400)
    for jobs in ("1", "2"):
        assert fuzz.main(["--count", "1010", "--jobs", jobs, "--seed", "7"]) == 0
    one, two = (re.sub(r"in [\d.]+ s, \d+ a", "in _ s, _ a", line)
                for line in capsys.readouterr().out.splitlines())  # fmt: skip
    assert one == two
    assert one.startswith("1010 files in _ s, _ a second, 0 contradictions (")
    assert one.endswith(f"safetensors {fuzz.safetensors.__version__}, seed 7, next --first 3")


def test_a_run_goes_on_where_another_ended():
    whole = fuzz.Campaign(3, 0, 30_000).tasks
    assert fuzz.Campaign(3, 2, 10_000).tasks == whole[2:]


def test_a_contradiction_is_told_with_its_file(monkeypatch, capsys):
    monkeypatch.setattr(verdict, "POLICIES", {})
    assert fuzz.main(["--count", "2000"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert re.match(r"block 0: only paramctl refuses: FILE: ", told[0])
    assert told[1].startswith("  b'")
