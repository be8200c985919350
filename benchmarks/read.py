"""Listing many tensors, next to reading and parsing the same headers.

    python benchmarks/read.py [--quick]

The peer reads each header and gives it to ``json.loads``, and does nothing with what it gets.
"""

from checkpoints import shards
from measured import Given, Table, paramctl, run, script

PARSE = """
import json, pathlib
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.safetensors")):
    with path.open("rb") as file:
        json.loads(file.read(int.from_bytes(file.read(8), "little")))
"""


def read(given: Given) -> None:
    """Print the table."""
    table = Table("Headers alone, in files of 625 tensors")
    for count in (10_000, 30_000, 100_000):
        model = shards(given.folder / f"of-{count}", count, count // 625)
        for verb, *words in (["ls", "--json"], ["ls"], ["inspect", "--json"]):
            what = f"{' '.join([verb, *words])}, {count:,} tensors"
            table.row(what, "json.loads", lambda v=verb, w=words, m=model: paramctl(v, m, *w),
                      lambda m=model: script(PARSE, m), given.rounds)  # fmt: skip


if __name__ == "__main__":
    run(__doc__, read)
