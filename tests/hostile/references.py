"""What three releases of the reference reader say of the corpus, recorded in references.json.

python tests/hostile/references.py

installs each release into a folder of its own, which is deleted afterwards, asks it about every
file, and rewrites the table.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).parents[2]
    sys.path[:0] = [str(root / "tests"), str(root / "fixtures")]

import make_hostile
import spell

RELEASES = ("0.4.5", "0.7.0", "0.8.0")
TABLE = Path(__file__).parents[2] / "fixtures" / "hostile" / "references.json"
_ASK = """
import json, sys
from importlib.metadata import version
from pathlib import Path
import safetensors

def verdict(content):
    try:
        safetensors.deserialize(content)
    except safetensors.SafetensorError as error:
        return str(error)
    return "accepts"

said = {path.stem: verdict(path.read_bytes()) for path in Path(sys.argv[1]).glob("*.safetensors")}
print(json.dumps([version("safetensors"), said]))
"""


def ask(corpus: Path, installed: Path | None = None) -> tuple[str, dict[str, str]]:
    """The release and its verdicts by id: ``accepts``, or a reason without what varies.

    Args:
        corpus: the folder that holds the files.
        installed: the folder that holds the library; the one in use if there is none.
    """
    paths = {"PYTHONPATH": str(installed)} if installed else {}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(corpus)],
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=True,
    )
    release, said = json.loads(done.stdout)
    return release, {id: reason(text) for id, text in said.items()}


def reason(text: str) -> str:
    """The fixed part of a complaint: no names, no places, no numbers.

    Which name a complaint is about depends on the order of a hash map; and some say just
    where the JSON ends, as their parser saw it.
    """
    text = re.sub(r"^Error while deserializing( header)?: ", "", text)
    return re.split(r"[`(\"]| at line|: invalid utf-8", text)[0].strip()


def write_corpus(folder: Path) -> None:
    """Every file of the corpus, the large ones too."""
    cases = [*make_hostile.cases(), *make_hostile.large_cases()]
    spell.write(folder, {case.file: case.content for case in cases})


def _install(release: str, folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(folder), f"safetensors=={release}"], check=True)


def main() -> int:
    """Ask every release and write down what each says."""
    table: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place, "corpus")
        corpus.mkdir()
        write_corpus(corpus)
        for release in RELEASES:
            installed = Path(place, release)
            _install(release, installed)
            found, said = ask(corpus, installed)
            if found != release:
                raise SystemExit(f"wanted safetensors {release}, got {found}")
            for id in sorted(said):
                table.setdefault(id, {})[release] = said[id]
    TABLE.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(table)} files, {len(RELEASES)} releases")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
