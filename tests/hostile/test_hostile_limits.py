"""The whole corpus in a process that may use little and do nothing but read."""

import subprocess
import sys
from pathlib import Path

import make_hostile
import spell

_PROGRAM = """
import os, resource, sys
from pathlib import Path
from paramctl.errors import CheckpointError
from paramctl.formats import identify, json_words, strict_json  # late imports, now
from paramctl.sources.open import open_source

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
FORBIDDEN = ("exec", "compile", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen",
             "socket.connect", "pickle.find_class", "os.remove", "os.rename", "os.truncate",
             "os.chmod", "os.utime")

def watch(event, arguments):
    if event in FORBIDDEN or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        os.write(2, f"{event} {arguments}".encode())
        os._exit(9)

paths = sorted(Path(sys.argv[1]).glob("*.safetensors"))
sys.addaudithook(watch)
read = refused = 0
for path in paths:
    try:
        with open_source(path) as source:
            read += 1
            for name in source.manifest.names:
                source.raw(name)
    except CheckpointError:
        refused += 1
print(read, refused)
"""


def test_the_corpus_needs_little_memory_and_starts_nothing(tmp_path):
    """1 GiB of address space, 20 s of CPU, and no event but reading; nothing is written."""
    cases = [*make_hostile.cases(), *make_hostile.large_cases()]
    spell.write(tmp_path, {case.file: case.content for case in cases})
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    read, refused = map(int, ended.stdout.split())
    assert read + refused == len(cases)
    assert read > 20
    assert {path.name: path.stat().st_mtime_ns for path in Path(tmp_path).iterdir()} == before
