"""What is fetched: headers alone where that is enough, each byte once where all are wanted."""

import json
import threading

import pytest
import spell
from command import call, expect, peak_memory
from hypothesis import given, settings
from hypothesis import strategies as st
from remote_clouds import s3_bucket
from remote_servers import serving

from paramctl.sources.open import open_source
from paramctl.sources.remote.ahead import STEP, WINDOW, Ahead, Crew
from paramctl.sources.remote.file import HEAD
from paramctl.sources.runs import SMALL, run_ends

GIB = 1 << 30


def sparse(path, tensors):
    """A checkpoint of F32 tensors of zeros that takes no room on the disk."""
    entries, position = {}, 0
    for name, count in tensors.items():
        entries[name] = {
            "dtype": "F32",
            "shape": [count],
            "data_offsets": [position, position + 4 * count],
        }
        position += 4 * count
    header = json.dumps(entries).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with path.open("r+b") as file:
        file.truncate(8 + len(header) + position)


@pytest.fixture
def large(tmp_path):
    """A GiB in four shards."""
    shards = {}
    for shard in range(4):
        name = f"model-{shard + 1:05}-of-00004.safetensors"
        names = {f"layers.{shard}.{part}.weight": GIB // 64 for part in range(4)}
        sparse(tmp_path / name, names)
        shards.update(dict.fromkeys(names, name))
    index = {"metadata": {"total_size": GIB}, "weight_map": shards}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    return tmp_path


@pytest.mark.parametrize("verb", ["ls", "inspect", "check"])
def test_a_verb_about_headers_fetches_one_beginning_of_each_shard(verb, large):
    with serving(large) as shop:
        expect(0, verb, shop.url, "--json")
        shards = [ask for ask in shop.asks if "-of-" in ask.path]
        assert shop.sent < 4 * 300_000
    if verb != "check":  # which also compares some bytes of tensors that may be twins
        assert sorted(ask.path for ask in shards) == sorted({ask.path for ask in shards})
        assert {(ask.start, ask.stop) for ask in shards} == {(0, HEAD)}


def test_it_is_the_same_in_a_bucket(large, monkeypatch):
    for path in large.glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[: 1 << 12])
    sparse(large / "model-00001-of-00004.safetensors", {"a": 1 << 18})
    with s3_bucket(large, monkeypatch) as front:
        expect(0, "ls", "s3://models/m/model-00001-of-00004.safetensors")
        assert front.sent < 110_000


def test_a_longer_header_takes_one_more_request(tmp_path):
    names = {f"layer.{number:05}.weight": ("U8", [1], b"x") for number in range(3000)}
    (tmp_path / "m.safetensors").write_bytes(spell.checkpoint(names))
    with serving(tmp_path) as shop:
        expect(0, "ls", f"{shop.url}/m.safetensors")
        asks = [ask for ask in shop.asks if ask.path.endswith("m.safetensors")]
    length = int.from_bytes((tmp_path / "m.safetensors").read_bytes()[:8], "little")
    assert length > HEAD
    assert [(ask.start, ask.stop) for ask in asks] == [(0, HEAD), (HEAD, 8 + length)]


def test_headers_of_many_shards_are_asked_for_at_once(large):
    together, most = threading.Semaphore(0), []

    def meet(handler, ask):
        if "-of-" in ask.path:
            most.append(ask.path)
            if len(most) == 4:
                together.release(4)
            assert together.acquire(timeout=60), "nobody else asked"
        return False

    with serving(large, meet) as shop:
        expect(0, "ls", shop.url)


def test_one_small_tensor_is_fetched_alone(large):
    sparse(large / "one.safetensors", {"big": 1 << 20, "small": 3, "more": 1 << 20})
    with serving(large) as shop, open_source(f"{shop.url}/one.safetensors") as source:
        shop.reset()
        source.raw("small")
        assert shop.sent == 12


@pytest.mark.parametrize("words", [["hash"], ["stats"], ["cast", "bf16", "-o", "OUT"]])
def test_each_byte_is_fetched_once(words, tmp_path):
    names = {f"layer.{number}.weight": 700_000 for number in range(6)}
    names |= {f"layer.{number}.bias": 300 for number in range(6, 12)}
    sparse(tmp_path / "m.safetensors", names)
    size = (tmp_path / "m.safetensors").stat().st_size
    words = [str(tmp_path / "out.safetensors") if word == "OUT" else word for word in words]
    with serving(tmp_path) as shop:
        expect(0, words[0], f"{shop.url}/m.safetensors", *words[1:])
        assert shop.sent <= 1.1 * size
        assert len(shop.asks) < 24


def test_an_edit_streams_neighbours_as_one(tmp_path):
    names = {f"layer.{number:03}.weight": 1 << 12 for number in range(400)}
    sparse(tmp_path / "m.safetensors", names)
    with serving(tmp_path) as shop:
        expect(
            0, "drop", f"{shop.url}/m.safetensors", "layer.000", "-o", tmp_path / "o.safetensors"
        )
        assert len(shop.asks) < 8
    assert call("ls", tmp_path / "o.safetensors", "-f", "names").out.count("\n") == 399


def test_memory_does_not_grow_with_the_model(large):
    with serving(large) as shop:
        assert peak_memory("hash", f"{shop.url}/model-00001-of-00004.safetensors") < 200 << 20


CONTENT = bytes(range(251)) * (5 * STEP // 251)
PATTERNS = st.lists(
    st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(1, 3 * STEP), st.integers(0, 6 * STEP)),
    max_size=6,
)


class Kept:
    """A file in memory that counts what is fetched of it."""

    def __init__(self):
        self.fetched = 0
        self.lock = threading.Lock()

    def fetch(self, view, position):
        with self.lock:
            self.fetched += len(view)
        view[:] = CONTENT[position : position + len(view)]


@given(PATTERNS)
@settings(max_examples=20, deadline=None)
def test_whatever_is_read_in_whatever_order_is_the_content(pattern):
    kept, crew = Kept(), Crew()
    reader = Ahead(crew, kept.fetch, len(CONTENT))
    for position, count, until in pattern:
        stop = min(position + count, len(CONTENT))
        for start in (position, stop):  # and then what follows it
            view = bytearray(min(count, len(CONTENT) - start))
            reader.read_into(memoryview(view), start, until)
            assert view == CONTENT[start : start + len(view)]
    crew.close()


@given(st.integers(1, 2 * STEP), st.integers(1, len(CONTENT)))
@settings(max_examples=10, deadline=None)
def test_reading_on_fetches_nothing_twice_and_nothing_in_vain(count, until):
    kept, crew = Kept(), Crew()
    reader = Ahead(crew, kept.fetch, len(CONTENT))
    count = max(count, 1 << 16)
    for start in range(0, until, count):
        view = bytearray(min(count, until - start))
        reader.read_into(memoryview(view), start, until)
    crew.close()
    assert kept.fetched == until


def test_a_large_reading_is_split_among_many():
    kept, crew = Kept(), Crew()
    view = bytearray(len(CONTENT))
    assert len(view) > WINDOW
    Ahead(crew, kept.fetch, len(CONTENT)).read_into(memoryview(view), 0, 0)
    crew.close()
    assert view == CONTENT


def test_an_error_ahead_is_told_to_whoever_gets_there():
    crew = Crew()

    def fetch(view, position):
        if position >= STEP:
            raise OSError("broken")

    reader = Ahead(crew, fetch, 4 * STEP)
    view = memoryview(bytearray(STEP // 2))
    reader.read_into(view, 0, 4 * STEP)
    reader.read_into(view, STEP // 2, 4 * STEP)
    with pytest.raises(OSError, match="broken"):
        reader.read_into(view, 2 * STEP, 4 * STEP)
    crew.close()


def test_runs_are_small_neighbours_of_one_shard():
    from paramctl.manifest import Entry

    def entry(name, start, stop, shard=0):
        return Entry(name, "U8", (stop - start,), shard=shard, start=start, stop=stop)

    entries = [entry("a", 0, 10), entry("b", 10, 30), entry("c", 30, 30 + SMALL),
               entry("d", 30 + SMALL, 40 + SMALL), entry("e", 0, 5, 1)]  # fmt: skip
    assert run_ends(entries) == {"a": 30, "b": 30, "d": 40 + SMALL, "e": 5}
