"""Nothing of this machine's own access to the world reaches the tests of remote models."""

import os
from pathlib import Path

import pytest
import spell
from remote_faults import BIG

from paramctl.sources.remote import persist

TOUR = Path(__file__).parents[2] / "paramctl" / "cli" / "tour" / "model"
SHARDED = Path(__file__).parents[2] / "fixtures" / "checkpoints" / "sharded"
_WORLD = ("AWS_", "GOOGLE_", "HF_", "STORAGE_EMULATOR_HOST", "http", "https", "all", "no", "NETRC")


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No proxy, no credentials, no pause between two tries."""
    for name in os.environ:
        if name.startswith(_WORLD) and (name.isupper() or name.endswith("_proxy")):
            monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr(persist, "PATIENCE", persist.Patience(pause=0.001))


@pytest.fixture
def tour() -> Path:
    """A Llama of two layers with its config and a README."""
    return TOUR


@pytest.fixture
def sharded() -> Path:
    """Two shards and an index."""
    return SHARDED


@pytest.fixture
def folder(tmp_path):
    """``m.safetensors``, larger than the first request."""
    (tmp_path / "m.safetensors").write_bytes(spell.checkpoint({"a": ("U8", [len(BIG)], BIG)}))
    return tmp_path
