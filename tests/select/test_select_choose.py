"""What selections choose from a model of 12 layers, and from names that are hard to write."""

import io
import sys
from types import SimpleNamespace

import pytest

from paramctl.errors import SelectionError
from paramctl.manifest import Entry, Manifest, guess_kind
from paramctl.select.choose import choose, counted

LAYERS = 12


def _gpt() -> list[Entry]:
    """A small GPT-2 of 12 layers in two shards, its head tied to the embedding."""
    shapes = {
        "ln_1.weight": (8,),
        "attn.bias": (1, 1, 16, 16),
        "attn.c_attn.weight": (8, 24),
        "attn.c_attn.bias": (24,),
        "attn.c_proj.weight": (8, 8),
        "mlp.c_fc.weight": (8, 32),
    }
    entries = [Entry("wte.weight", "BF16", (50, 8)), Entry("wpe.weight", "F32", (16, 8))]
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            full = f"h.{layer}.{name}"
            kind = "buffer" if name == "attn.bias" else guess_kind(full, "F32")
            entries.append(Entry(full, "F32", shape, kind, shard=layer // 6))
    entries.append(Entry("lm_head.weight", "BF16", (50, 8), tied_to="wte.weight", shard=-1))
    return entries


GPT = Manifest(_gpt())
ODD = Manifest(
    Entry(name, "F32", (2,))
    for name in ["block 1.0.bias", "0.block 1.0.bias", "experts[0].w", "experts0.w", "bias_ih_l0",
                 "a|b", "re:.*", "@file", "tied", "x.tied", "a", "a.b", "new\nline", "!a", "C:\\x",
                 "1e3", "", "..", "UP.weight", "up.weight", "x.weight_norm"]
)  # fmt: skip


def names(*selections: str, manifest: Manifest = GPT, **options) -> list[str]:
    return [entry.name for entry in choose(manifest, selections, **options)]


def count(*selections: str, **options) -> int:
    return len(names(*selections, **options))


def test_no_selection_is_everything_in_the_order_of_the_manifest():
    assert names() == GPT.names


def test_an_exact_name_is_that_tensor():
    assert names("h.1.attn.bias") == ["h.1.attn.bias"]


def test_an_exact_path_is_that_module():
    assert names("h.1") == [f"h.1.{rest}" for rest in
                            ("ln_1.weight", "attn.bias", "attn.c_attn.weight", "attn.c_attn.bias",
                             "attn.c_proj.weight", "mlp.c_fc.weight")]  # fmt: skip


def test_a_dot_is_no_wildcard_and_a_number_is_a_whole_segment():
    """``h.1.attn.*`` chooses nothing of ``h.11``."""
    chosen = names("h.1.attn.*")
    assert chosen
    assert all(name.startswith("h.1.attn.") for name in chosen)


def test_a_pattern_floats_and_takes_what_is_below():
    assert names("1.attn.c_attn") == ["h.1.attn.c_attn.weight", "h.1.attn.c_attn.bias"]


def test_a_word_is_a_whole_segment():
    """``weight`` is neither ``weight_norm`` nor a part of it."""
    assert names("*.weight", manifest=ODD) == ["UP.weight", "up.weight"]
    assert names("bias | up", manifest=ODD) == ["block 1.0.bias", "0.block 1.0.bias", "up.weight"]


@pytest.mark.parametrize(
    ("selection", "size"),
    [
        ("bias", 24),
        ("**.weight$", 51),
        ("^h", 72),
        ("^attn", 0),
        ("attn$", 0),
        ("attn.bias$", 12),
        ("h.{0..3}", 24),
        ("h.{8..11}.{attn,mlp}.c_*.weight", 12),
        ("h.[0-9].ln_1", 10),
        ("h.1?", 12),
        ("h.**.c_*", 48),
        ("^**.c_fc.**$", 12),
        ("c_{attn,proj} & !bias", 24),
        ("re:.*\\.1\\..*", 6),
        ("re:h", 0),
        ("dtype:bf16", 2),
        ("!dtype:bf16", 73),
        ("ndim:1", 24),
        ("ndim>=2 & ndim<4", 39),
        ("numel>=400", 2),
        ("numel<=8", 12),
        ("nbytes:1KiB..1KiB", 24),
        ("layer:8..15", 24),
        ("layer:-2..", 12),
        ("layer:..-11", 12),
        ("layer>9", 12),
        ("layer<-10", 12),
        ("layer:..", 72),
        ("!layer:..", 3),
        ("shard:1", 38),
        ("shard:2", 36),
        ("shard>1", 36),
        ("kind:buffer", 12),
        ("kind:constant", 0),
        ("tied", 2),
        ("lm_head", 1),
        ("(bias | ln_1) & layer:0", 3),
    ],
)
def test_how_many_are_chosen(selection, size):
    assert count(selection, allow_empty=True) == size


def test_negative_layers_count_from_the_end_of_their_own_container():
    manifest = Manifest(
        Entry(f"{stack}.{number}.w", "F32", ())
        for stack, size in (("enc", 3), ("dec", 5))
        for number in range(size)
    )
    assert names("layer:-1", manifest=manifest) == ["enc.2.w", "dec.4.w"]


def test_unknown_sizes_are_in_no_range():
    manifest = Manifest([Entry("a", "F32", (None, 2)), Entry("b", "F32", (2,))])
    assert names("numel>0 | nbytes<1e9", manifest=manifest) == ["b"]


@pytest.mark.parametrize(
    "name", ["experts[0].w", "a|b", "re:.*", "@file", "tied", "", "..", "!a", "C:\\x", "new\nline"]
)
def test_an_exact_name_is_tried_before_the_grammar(name):
    assert names(name, manifest=ODD) == [name]


def test_an_exact_name_is_that_tensor_even_where_it_is_a_path_too():
    assert names("a", manifest=ODD) == ["a"]


def test_names_with_spaces_are_quoted():
    assert names('"block 1".0 & bias', manifest=ODD) == ["block 1.0.bias", "0.block 1.0.bias"]
    assert names('^"block 1.0.bias"$', manifest=ODD) == ["block 1.0.bias"]


def test_brackets_are_a_class_unless_they_are_quoted():
    assert names("experts[0].*", manifest=ODD) == ["experts0.w"]
    assert names('"experts[0]".*', manifest=ODD) == ["experts[0].w"]


def test_case_counts():
    assert names("up", manifest=ODD) == ["up.weight"]


def test_several_selections_are_a_union_without_repetition():
    assert names("lm_head", "wte", "embed | wte") == ["wte.weight", "lm_head.weight"]


def test_types_and_roles_come_from_a_spec():
    manifest = Manifest(
        [
            Entry("a.weight", "F32", (2, 2), module_type="Linear"),
            Entry("b.weight", "F32", (2,), module_type="LayerNorm", role="norm"),
        ]
    )
    assert names("type:Linear", manifest=manifest) == ["a.weight"]
    assert names("type:*Norm", manifest=manifest) == ["b.weight"]
    assert names("role:norm", manifest=manifest) == ["b.weight"]


def test_shards_go_by_file_name_too():
    files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert count("shard:model-00002*", shards=files) == 36


def refused(*selections: str, manifest: Manifest = GPT, **options) -> tuple[str, str]:
    with pytest.raises(SelectionError) as caught:
        choose(manifest, selections, **options)
    return str(caught.value), caught.value.hint


def test_a_selection_that_matches_nothing_offers_near_names():
    assert refused("h.3.atn.c_attn") == (
        "'h.3.atn.c_attn' selects none of 75 tensors",
        "near names: h.3.attn.c_attn, h.3.attn.c_attn.bias, h.3.attn.c_attn.weight",
    )


def test_without_near_names_the_list_is_offered():
    assert refused("zzz") == (
        "'zzz' selects none of 75 tensors",
        "run `paramctl ls` for the names",
    )


def test_each_selection_has_to_match_something():
    assert refused("wte", "zzz")[0] == "'zzz' selects none of 75 tensors"


def test_allow_empty_allows_it():
    assert names("zzz", allow_empty=True) == []


def test_nothing_can_be_selected_where_nothing_is():
    assert refused("**", manifest=Manifest([])) == (
        "'**' selects none of 0 tensors",
        "the checkpoint holds no tensors",
    )
    assert names(manifest=Manifest([])) == []


def test_expect_counts():
    assert names("wte", expect=1) == ["wte.weight"]
    assert refused("bias", expect=2) == ("selected 24 of 75 tensors, expected 2", "")


def test_counts_read_well():
    assert counted(1, Manifest([Entry("a", "F32", ())])) == "1 of 1 tensor"


def test_a_field_that_needs_a_spec_says_so():
    assert refused("type:Linear") == (
        "'type' needs a spec, and none is known for this checkpoint",
        "name a SPEC, or select by name",
    )


def test_a_list_names_tensors_exactly(tmp_path):
    """Blank lines don't count, JSON strings stand for names with control characters."""
    path = tmp_path / "names.txt"
    path.write_text('experts[0].w\r\n\n"new\\nline"\na|b\n""\n')
    assert names(f"@{path}", manifest=ODD) == ["experts[0].w", "a|b", "new\nline", ""]


def test_a_list_comes_from_standard_input(monkeypatch):
    stream = SimpleNamespace(buffer=io.BytesIO(b"wpe.weight\nwte.weight\n"))
    monkeypatch.setattr(sys, "stdin", stream)
    assert names("@-") == ["wte.weight", "wpe.weight"]


@pytest.mark.parametrize(
    ("content", "error", "hint"),
    [
        (b"wte.weight\nwte.wight\n", "list:2: no tensor named 'wte.wight'",
         "near names: wte.weight, wpe.weight, lm_head.weight"),
        (b"h.1\n", "list:1: no tensor named 'h.1'", "run `paramctl ls` for the names"),
        (b"\n\n", "list: a list of names, and it is empty", ""),
        (b'"abc\n', "list:1: '\"abc' begins like a JSON string and is none", ""),
        (b'"\xff\n', "list: this list of names is no UTF-8 text", ""),
    ],
)  # fmt: skip
def test_what_a_list_can_get_wrong(tmp_path, monkeypatch, content, error, hint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list").write_bytes(content)
    problem, given = refused("@list")
    assert problem == error
    assert given == hint


def test_a_list_that_is_missing():
    assert (
        refused("@no/such")[0]
        == "no/such: can't read this list of names: No such file or directory"
    )
