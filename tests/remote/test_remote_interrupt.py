"""Whoever interrupts a command does not wait for a server."""

import json
import signal
import subprocess
import sys
import threading

import pytest
import spell
from command import heed_interrupts
from remote_servers import serving


@pytest.fixture
def folder(tmp_path):
    """Two shards that are longer than a first request."""
    names = {}
    for shard in ("a", "b"):
        names |= {f"{shard}.{number}": f"{shard}.safetensors" for number in range(4)}
        tensors = {f"{shard}.{number}": ("U8", [90_000], bytes(90_000)) for number in range(4)}
        (tmp_path / f"{shard}.safetensors").write_bytes(spell.checkpoint(tensors))
    index = json.dumps({"weight_map": names})
    (tmp_path / "model.safetensors.index.json").write_text(index)
    return tmp_path


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("verb", ["ls", "hash"])
def test_an_interrupted_command_ends_at_once(verb, number, code, folder):
    asked, go_on = threading.Event(), threading.Event()

    def fault(handler, ask):
        if ask.path == "/b.safetensors" and (verb == "ls" or ask.start):
            asked.set()
            go_on.wait(60)
        return False

    with serving(folder, fault) as shop:
        words = [sys.executable, "-m", "paramctl", verb, shop.url]
        child = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=heed_interrupts,
        )
        try:
            assert asked.wait(60)
            child.send_signal(number)
            out, err = child.communicate(timeout=20)
        finally:
            go_on.set()
            child.kill()
    assert (child.returncode, out, err) == (code, b"", b"")
