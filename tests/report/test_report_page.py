"""The page about a checkpoint: complete in itself, safe with any name, and small."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from paramctl.listing.target import target_of
from paramctl.report.html.page import page
from paramctl.report.html.portrait import MOST_ROWS, portray
from paramctl.sources.open import open_source

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"
VOID = {"meta", "input", "wbr", "br", "link", "img"}
MODELS = sorted(
    path for path in CHECKPOINTS.iterdir() if path.is_dir() or path.suffix == ".safetensors"
)


def written(model, against=None) -> str:
    with open_source(model) as source:
        if against is None:
            return b"".join(page(portray(target_of(source), source))).decode()
        with open_source(against) as other:
            return b"".join(page(portray(target_of(source), source, other))).decode()


class Read(HTMLParser):
    """Reads a page and insists that every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in dict.fromkeys(self.open):
            self.texts[tag][-1] += data

    def all(self, tag, **wanted):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]


@pytest.fixture
def save(tmp_path):
    def write(tensors, name="model.safetensors", metadata=None):
        path = tmp_path / name
        save_file(tensors, path, metadata)
        return path

    return write


def layers(count=4, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"attn.q.weight": (6, 6), "mlp.up.weight": (8, 6), "norm.weight": (6,)}
    tensors = {
        f"model.layers.{n}.{name}": rng.standard_normal(shape).astype(np.float32)
        for n in range(count)
        for name, shape in shapes.items()
    }
    return {"embed.weight": rng.standard_normal((10, 6)).astype(np.float32), **tensors}


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.name)
def test_every_page_is_well_formed_and_names_every_tensor(model):
    read = Read(written(model))
    with open_source(model) as source:
        names = len(source.manifest)
    assert len(read.all("th", scope="row")) >= names
    assert len(read.all("table", **{"class": "data"})) == bool(names)


def test_a_page_allows_its_own_style_and_script_and_nothing_else(minilm):
    text = written(minilm)
    read = Read(text)
    policy = read.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for kind in ("style", "script"):
        (body,) = re.findall(f"<{kind}>(.*?)</{kind}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert rules.keys() == {"default-src", "style-src", "script-src", "base-uri", "form-action"}


def test_nothing_in_a_page_leads_outside_of_it(minilm):
    text = written(minilm)
    assert "http:" not in text
    assert "https:" not in text
    for tag, attributes in Read(text).elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "form", "base"}
        assert not attributes.keys() & {"src", "style"}
        assert not any(key.startswith("on") for key in attributes)
        assert attributes.get("href", "#").startswith("#")


def test_the_script_asks_nobody_and_makes_no_markup():
    script = Path(page.__code__.co_filename).with_name("script.js").read_text()
    for word in ("fetch", "XMLHttp", "innerHTML", "outerHTML", "eval", "import", "document.write"):
        assert word not in script


def test_names_that_attack_a_reader_stay_text(save):
    marks = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\x1b[31mred\u202eevil"
    tensors = {f"layers.{n}.{mark}": np.ones((2, 2), np.float32) * n
               for n in range(3) for mark in marks}  # fmt: skip
    model = save(tensors, metadata={"</dl><b>x": "</title><i>&amp;"})
    text = written(model)
    read = Read(text)
    assert len(read.all("script")) == 1
    assert not read.all("img")
    assert not read.all("i", **{"class": None})
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert sum("<script>alert(1)</script>" in row for row in read.texts["tr"]) >= 3


def test_the_hostile_corpus_reaches_no_page_unescaped():
    model = CHECKPOINTS / "hostile-names.safetensors"
    text = written(model)
    plain = {"\n", "→", "–", "≤", "≥", "…", "·", "×"}
    assert all(mark.isprintable() or mark in plain for mark in text)
    assert len(Read(text).all("th", scope="row")) == len(load_file(model))


def test_one_model_gives_one_page(save):
    model = save(layers())
    assert written(model) == written(model)


def test_the_figures_of_a_tensor_stand_in_its_row(save):
    array = np.array([[1, -2], [np.nan, 0]], np.float32)
    read = Read(written(save({"a.weight": array, "b.weight": np.ones(3, np.float32)})))
    row = next(row for row in read.texts["tr"] if row.startswith("a.weight"))
    assert row == "a.weightF32[2,2]416 bytes-21-0.33331.2472110"


def test_layers_are_a_map_with_a_cell_per_tensor(save):
    read = Read(written(save(layers(5))))
    (table,) = read.all("table", **{"class": "map"})
    assert table["data-layers"] == "0 1 2 3 4"
    cells = [cell for cell in read.all("td") if "std" in (cell.get("title") or "")]
    assert len(cells) == 15
    assert all(re.fullmatch(r"s[0-8] a[0-8]", cell["class"]) for cell in cells)
    assert [one["id"] for one in read.all("input")] == ["by-std", "by-absmax"]


def test_experts_share_a_cell(save):
    rng = np.random.default_rng(0)
    tensors = {
        f"layers.{n}.experts.{k}.w": rng.standard_normal((3, 3)).astype(np.float32)
        for n in range(3)
        for k in range(4)
    }
    read = Read(written(save(tensors)))
    assert "experts.*.w" in read.texts["table"][-2]
    assert sum("std" in (cell.get("title") or "") for cell in read.all("td")) == 3


def test_a_diff_shows_the_largest_change_first_and_where_it_is(save):
    before = layers()
    after = {name: array.copy() for name, array in before.items()}
    after["model.layers.2.mlp.up.weight"] *= 3
    after["model.layers.1.norm.weight"] *= 1.01
    del after["embed.weight"]
    text = written(save(after, "b.safetensors"), save(before, "a.safetensors"))
    changes = Read(text[text.index('<section id="changes">') : text.index('<section id="check">')])
    assert changes.texts["h2"] == ["Changes from a.safetensors"]
    rows = [row for row in changes.texts["tr"] if "changed" in row or "removed" in row]
    assert [row.split(" ")[0] for row in rows] == [
        "embed.weight", "model.layers.2.mlp.up.weight", "model.layers.1.norm.weight",
    ]  # fmt: skip
    marks = [cell["title"] for cell in changes.all("td") if cell.get("title")]
    assert len(marks) == 12
    assert sorted(mark for mark in marks if mark != "unchanged") == [
        "relative 0.01", "relative 2",
    ]  # fmt: skip


def test_what_has_no_size_is_marked_and_the_marks_are_told(save):
    before = layers()
    after = {name: array.copy() for name, array in before.items()}
    before["model.layers.0.mlp.up.weight"][:] = 0
    after["model.layers.2.mlp.up.weight"][0] = np.nan
    after["model.layers.1.mlp.new.weight"] = np.ones((2, 2), np.float32)
    text = written(save(after, "b.safetensors"), save(before, "a.safetensors"))
    changes = Read(text[text.index('<section id="changes">') : text.index('<section id="check">')])
    marks = {cell.get("title"): cell.get("class") for cell in changes.all("td")}
    assert (marks["changed (NaN or Inf)"], marks["added"]) == ("lost", "new")
    assert marks["changed from zeros"] == "d8"
    legend = re.search('<div class="scale of-change">.*?</div>', text)[0]
    assert legend.endswith(' not finite <i class="new"></i> added</div>')


def test_a_map_of_many_layers_is_drawn_closer(save):
    for count, kind in ((48, "map"), (49, "map many")):
        assert Read(written(save(layers(count)))).all("table", **{"class": kind})


def test_equal_models_are_told_to_be_equal(save):
    model = save(layers())
    assert "Equal in all 13 tensors." in written(model, model)


def test_ties_and_findings_are_shown(save):
    text = written(save({"a": np.full((2, 2), np.nan, np.float32)}, metadata={"b": "a"}))
    assert '<ul><li><code class="n">a</code> = <code class="n">b</code></li></ul>' in text
    assert '<span class="tag error">error</span> <code class="n">a</code>' in text


def test_a_model_of_many_tensors_is_summed_up_and_stays_small(save):
    """Every list knows where to stop, and says what it leaves out."""
    deep = {f"model.layers.{n}.mlp.experts.{k}.w": np.full((2, 2), n + k, np.float32)
            for n in range(30) for k in range(60)}  # fmt: skip
    odd = {f"<odd{'&' * 300}>{n:04}": np.full(1, n, np.float32) for n in range(2500)}
    text = written(save({**deep, **odd}, metadata={f"k{n}": "<" * 400 for n in range(2000)}))
    assert len(text.encode()) < 2_000_000
    read = Read(text)
    assert "model.layers.*.mlp.experts.*.w × 1,800" in "".join(read.texts["table"])
    told = [" ".join(one.split()) for one in read.texts["p"] if "left out" in one]
    assert any("strings left out" in one and "paramctl meta" in one for one in told)
    assert any("rows left out" in one and "paramctl stats" in one for one in told)
    assert any("nodes left out" in one for one in told)


def test_a_wide_map_leaves_out_what_has_no_room(save):
    tensors = {f"layers.{n}.w{k}": np.ones(1, np.float32) + n
               for n in range(170) for k in range(8)}  # fmt: skip
    assert len(tensors) < MOST_ROWS
    read = Read(written(save(tensors)))
    assert any(one.startswith("80 more cells of the map left out") for one in read.texts["p"])
