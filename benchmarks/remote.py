"""A model behind a loopback server, next to the same files here and to huggingface_hub.

    python benchmarks/remote.py [--quick]

huggingface_hub does the same as far as it goes: it tells headers by ranges, and downloads a model
before its values are read. Both tables are of the same model; in the second one every answer
begins 50 ms after its request, as from another continent.
"""

import os
from collections.abc import Callable
from pathlib import Path

from checkpoints import shards
from measured import Given, Measure, Table, paramctl, run, script
from ranges_server import Counter, serving

HEADERS = """
from huggingface_hub import get_safetensors_metadata
get_safetensors_metadata("bench/model")
"""
DOWNLOAD = """
import hashlib, pathlib, tempfile
from huggingface_hub import snapshot_download
with tempfile.TemporaryDirectory() as folder:
    for path in sorted(pathlib.Path(snapshot_download("bench/model", local_dir=folder)).iterdir()):
        if path.suffix == ".safetensors":
            with path.open("rb") as file:
                hashlib.file_digest(file, "sha256")
"""


def remote(given: Given) -> None:
    """Print the tables."""
    model = shards(given.folder / "remote", given.size(320, 64), 8)
    size = sum(path.stat().st_size for path in model.iterdir()) / 2**20
    for latency in (0.0, 0.05):
        with serving(model, latency) as counter:
            _asks_hub(counter)
            _table(
                given, model, counter, f"{size:,.0f} MiB in 8 shards, {1000 * latency:.0f} ms away"
            )


def _table(given: Given, model: Path, counter: Counter, title: str) -> None:
    table = Table(f"Remote: {title}")
    fetched: list[str] = []
    for verb, peer in (("ls", HEADERS), ("hash", DOWNLOAD)):
        ours = _counting(verb, lambda v=verb: paramctl(v, counter.url), counter, fetched)
        table.row(f"`{verb}` of an address", "the same files here", ours,
                  lambda v=verb: paramctl(v, model), given.rounds)  # fmt: skip
        table.row(f"`{verb}` of an address", "huggingface_hub", ours, lambda p=peer: script(p), 1)
    print("\n" + "\n".join(dict.fromkeys(fetched)))


def _counting(
    verb: str, measure: Callable[[], Measure], counter: Counter, fetched: list[str]
) -> Callable[[], Measure]:
    def measured() -> Measure:
        counter.take()
        found = measure()
        requests, nbytes = counter.take()
        fetched.append(f"`{verb}`: {requests} requests, {nbytes / 2**20:,.1f} MiB")
        return found

    return measured


def _asks_hub(counter: Counter) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update(HF_ENDPOINT=counter.url, HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1")


if __name__ == "__main__":
    run(__doc__, remote)
