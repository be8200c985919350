"""Names from strangers, in a pipe and on a terminal: nothing a terminal would act on gets there."""

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import unicodedata
from fcntl import ioctl
from pathlib import Path

import pytest
import spell
from command import spawn

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "checkpoints"
HOSTILE = FIXTURES / "hostile-names.safetensors"
_COLORS = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(*arguments, columns=80, **environment) -> str:
    """Everything a command writes to a terminal of some width."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    child = subprocess.Popen(
        [sys.executable, "-m", "paramctl", *map(str, arguments)],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env={**kept, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(theirs)
    chunks = []
    while select.select([ours], [], [], 60)[0]:
        try:
            chunk = os.read(ours, 1 << 16)
        except OSError:  # how Linux reports the end of a terminal
            break
        chunks.append(chunk)
    os.close(ours)
    assert child.wait(60) == 0, b"".join(chunks).decode()
    return b"".join(chunks).decode().replace("\r\n", "\n")


def assert_harmless(text: str) -> None:
    """No control, format, private, unassigned character; no line separator; no surrogate."""
    bad = {
        character
        for character in text
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        and character not in "\n\t"
    }
    assert not bad, bad


FORMS = ["tsv", "csv", "json", "jsonl", "md", "names", "table", "tree"]


@pytest.mark.parametrize("form", FORMS)
def test_hostile_names_in_a_pipe(form):
    assert_harmless(spawn("ls", HOSTILE, "-f", form).out)


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("verb", ["ls", "inspect"])
def test_hostile_names_on_a_terminal(verb, columns):
    """Colours are ours and well-formed; markup and emoji codes stay what they are."""
    text = _COLORS.sub("", on_terminal(verb, HOSTILE, columns=columns))
    assert_harmless(text)
    assert "[bold]" in text
    assert ":bomb:" in text
    assert "[link=file:///]x" in text


def test_hostile_metadata_on_a_terminal():
    text = _COLORS.sub("", on_terminal("meta", FIXTURES / "metadata.safetensors"))
    assert_harmless(text)
    assert "two\\x0alines and \\x1b[31mcolour" in text


def test_hostile_selections_and_files_in_errors(tmp_path):
    done = spawn("ls", HOSTILE, "\x1b]52;c;x\x07")
    assert done.code == 2
    assert_harmless(done.err)
    assert_harmless(spawn("ls", tmp_path / "\x1b[2J\u202e.safetensors").err)


def test_ten_million_characters_are_no_flood_on_a_terminal(tmp_path):
    path = tmp_path / "long.safetensors"
    path.write_bytes(spell.checkpoint({"n" * 10_000_000: ("U8", (1,), b"\0")}))
    assert len(on_terminal("ls", path)) < 3_000
    assert len(spawn("ls", path).out) > 10_000_000


@pytest.mark.parametrize("columns", [1, 10, 40, 80])
def test_a_narrow_terminal_loses_nothing(columns):
    """Every segment, size and shape is there at any width, folded or not."""
    path = FIXTURES / "mlp.safetensors"
    text = _COLORS.sub("", on_terminal("ls", path, columns=columns))
    flat = re.sub(r"\s+", "", text)
    for part in ("0.weight", "[256,20]", "5,120", "20.0KiB", "2.bias"):
        assert part in flat


def test_long_names_are_folded_behind_dots(minilm):
    text = on_terminal("ls", minilm, "layer:0 & attention.output", NO_COLOR="1")
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if "dense.  " in line)
    assert lines[first].startswith("encoder.layer.0.attention.output.dense.  ")
    assert lines[first + 1] == "  weight"
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colors_can_be_switched_off(setting):
    path = FIXTURES / "mlp.safetensors"
    assert "\x1b" not in on_terminal("ls", path, **setting)
    assert "\x1b[" in on_terminal("ls", path, "--color", "always", **setting)


def test_colors_come_on_a_terminal():
    path = FIXTURES / "mlp.safetensors"
    assert "\x1b[" in on_terminal("ls", path)
    assert "\x1b" not in on_terminal("ls", path, "--color", "never")


def test_an_ascii_output_is_ascii():
    """Names beyond ASCII are escaped, lines are drawn with dashes, nothing crashes."""
    for form in FORMS:
        done = spawn("ls", FIXTURES / "unicode.safetensors", "-f", form,
                     env={"PYTHONIOENCODING": "ascii"})  # fmt: skip
        assert done.code == 0, done.err
        assert done.out.isascii()
    listed = spawn(
        "ls", FIXTURES / "unicode.safetensors", "-f", "names", env={"PYTHONIOENCODING": "ascii"}
    )
    again = spawn("ls", FIXTURES / "unicode.safetensors", "@-", "-f", "names",
                  env={"PYTHONIOENCODING": "ascii"}, input=listed.out.encode())  # fmt: skip
    assert again.out == listed.out


def test_thousands_of_rows_are_plain(tmp_path):
    path = tmp_path / "many.safetensors"
    path.write_bytes(
        spell.checkpoint({f"layers.{n}.weight": ("U8", (1,), b"\0") for n in range(2_500)})
    )
    text = on_terminal("ls", path)
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2_504


HEAVY = ("numpy", "ml_dtypes", "yaml", "msgspec", "rich", "paramctl.engine", "paramctl.spec")


@pytest.mark.parametrize(
    "arguments",
    [
        ["ls"], ["inspect"], ["meta"], ["ls", "bias | layer:-1 & re:.*"], ["ls", "--json"],
        ["inspect", "-f", "tree"], ["ls", "-f", "md"],
    ],
)  # fmt: skip
def test_looking_in_a_pipe_loads_nothing_heavy(arguments):
    verb, *rest = arguments
    command = [verb, str(FIXTURES / "mlp.safetensors"), *rest]
    script = (
        "import sys\nfrom paramctl.cli.app import run\n"
        f"code = run({command!r})\n"
        f"print(*(m for m in {HEAVY!r} if m in sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "\n"


def test_stats_fit_a_terminal_of_80_columns_and_say_what_has_no_room():
    lines = on_terminal("stats", FIXTURES / "mlp.safetensors", NO_COLOR="1").splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split()[0] == "name"
    assert {"min", "max", "mean", "std"} <= set(lines[0].split())
    assert lines[-1].startswith("no room for dtype, numel, ")
    wide = on_terminal("stats", FIXTURES / "mlp.safetensors", columns=160, NO_COLOR="1")
    assert "absmax" in wide.splitlines()[0]
    assert "no room" not in wide
