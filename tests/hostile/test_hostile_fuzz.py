"""Headers broken at random: never taken where the reference refuses, never another exception."""

from hostile import fuzz, verdict


def test_two_readers_agree_on_thousands_of_broken_files():
    for content in fuzz.mutants(4000, seed=20):
        assert verdict.contradiction(content) == "", content


def test_the_fuzzer_tells_what_it_did(capsys):
    assert fuzz.main(["--count", "10"]) == 0
    assert capsys.readouterr().out.startswith("10 files in ")
