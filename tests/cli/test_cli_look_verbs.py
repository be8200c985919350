"""inspect, ls and meta as users and scripts meet them."""

import json
from pathlib import Path

import pytest
import spell
from command import expect, spawn

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "checkpoints"
TIED = FIXTURES / "tied.safetensors"


def test_ls_is_a_line_per_name_in_natural_order():
    assert expect(0, "ls", TIED).rows == [
        ["0.bias", "F32", "[8]", "8", "32"],
        ["0.weight", "F32", "[8,4]", "32", "128"],
        ["2.bias", "F32", "[8]", "8", "32"],
        ["2.weight", "F32", "[8,8]", "64", "256"],
        ["4.bias", "F32", "[8]", "8", "0"],
        ["4.weight", "F32", "[8,8]", "64", "0"],
        ["6.bias", "F32", "[1]", "1", "4"],
        ["6.weight", "F32", "[1,8]", "8", "32"],
    ]


def test_ls_as_json_has_a_row_per_name():
    found = expect(0, "ls", TIED, "4.weight", "--json").json
    assert found == {
        "schema": "paramctl/ls/1",
        "tensors": [
            {
                "name": "4.weight", "dtype": "F32", "shape": [8, 8], "numel": 64, "nbytes": 0,
                "kind": "parameter", "tied_to": "2.weight", "shard": None,
            }
        ],
    }  # fmt: skip


def test_the_shard_of_a_row_is_the_one_that_shard_selects():
    rows = expect(0, "ls", FIXTURES / "sharded", "--json").json["tensors"]
    assert {row["shard"] for row in rows} == {1, 2}
    for number in (1, 2):
        chosen = expect(0, "ls", FIXTURES / "sharded", f"shard:{number}", "-f", "names").out
        assert chosen.split() == [row["name"] for row in rows if row["shard"] == number]


def test_sharded_or_not_the_list_is_the_same():
    assert (
        expect(0, "ls", FIXTURES / "sharded").out
        == expect(0, "ls", FIXTURES / "mlp.safetensors").out
    )


def test_long_adds_where_a_tensor_lies():
    path = FIXTURES / "mlp.safetensors"
    row = expect(0, "ls", path, "0.bias", "--long").rows[0]
    start, stop = int(row[6]), int(row[7])
    assert row[5] == "1"
    assert stop - start == 1024
    json_row = expect(0, "ls", path, "0.bias", "--long", "--json").json["tensors"][0]
    assert (json_row["file"], json_row["start"], json_row["stop"]) == (path.name, start, stop)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("name", ["0.bias", "0.weight", "2.bias", "2.weight"]),
        ("nbytes", ["0.weight", "2.weight", "0.bias", "2.bias"]),
        ("numel", ["0.weight", "2.weight", "0.bias", "2.bias"]),
        ("shape", ["2.bias", "0.bias", "2.weight", "0.weight"]),
        ("dtype", ["0.bias", "0.weight", "2.bias", "2.weight"]),
    ],
)
def test_ls_sorts(order, names):
    path = FIXTURES / "mlp.safetensors"
    assert expect(0, "ls", path, "--sort", order, "-f", "names").out.split() == names


def test_ls_in_the_order_of_the_file():
    path = FIXTURES / "mlp.safetensors"
    rows = expect(0, "ls", path, "--sort", "file", "--long").rows
    assert [int(row[6]) for row in rows] == sorted(int(row[6]) for row in rows)


def test_an_order_that_does_not_exist():
    found = expect(2, "ls", TIED, "--sort", "nmae")
    assert found.err == "paramctl: no order named 'nmae'\nhint: did you mean name?\n"


def test_nothing_selected_is_an_error():
    found = expect(2, "ls", TIED, "0.wieght")
    assert found.err == (
        "paramctl: '0.wieght' selects none of 8 tensors\nhint: near names: 0.weight\n"
    )
    assert found.out == ""
    assert expect(0, "ls", TIED, "zzz", "--allow-empty").out == ""


def test_expect_demands_a_number():
    assert expect(2, "ls", TIED, "bias", "--expect", "3").err == (
        "paramctl: selected 4 of 8 tensors, expected 3\n"
    )
    expect(0, "ls", TIED, "bias", "--expect", "4")


def test_names_go_through_a_pipe_and_back():
    """Every name of the hostile corpus survives ``-f names`` and ``@-``."""
    path = FIXTURES / "hostile-names.safetensors"
    listed = spawn("ls", path, "-f", "names")
    again = spawn("ls", path, "@-", "--json", input=listed.out.encode())
    everything = expect(0, "ls", path, "--json").json
    assert again.json == everything
    assert len(everything["tensors"]) > 40


def test_inspect_counts_a_tie_once():
    found = expect(0, "inspect", TIED, "--json").json
    assert found["tensors"] == 6
    assert found["parameters"] == {"unique": 121, "stored": 121, "named": 193}
    assert found["nbytes"] == 484
    assert found["dtypes"] == {"F32": {"tensors": 6, "numel": 121, "nbytes": 484}}
    assert found["ties"] == [["2.bias", "4.bias"], ["2.weight", "4.weight"]]
    assert [node["name"] for node in found["tree"]] == ["0", "2", "4", "6"]


def test_inspect_in_a_pipe_is_the_tree_by_paths():
    rows = expect(0, "inspect", TIED).rows
    assert rows[0] == [".", "8", "", "", "121", "484"]
    assert rows[3] == ["0.weight", "1", "F32", "[8,4]", "32", "128"]


def test_inspect_as_a_tree():
    assert expect(0, "inspect", TIED, "-f", "tree", cwd=FIXTURES).out.splitlines()[1:] == [
        "tensors     6, 484 bytes: 6 F32",
        "parameters  121 unique, 121 stored, 193 counted by name",
        "tied 1      2.bias = 4.bias",
        "tied 2      2.weight = 4.weight",
        "",
        "name                 dtype  shape      numel     nbytes",
        "───────────────────────────────────────────────────────",
        "0.{bias,weight}      F32    [8] [8,4]     40  160 bytes",
        "2.{bias,weight}      F32    [8] [8,8]     72  288 bytes",
        "4                                          0    0 bytes",
        "├ bias = 2.bias      F32    [8]            0    0 bytes",
        "└ weight = 2.weight  F32    [8,8]          0    0 bytes",
        "6.{bias,weight}      F32    [1] [1,8]      9   36 bytes",
    ]


def test_inspect_of_a_real_checkpoint_fits_a_screen(minilm):
    """104 tensors in six equal layers are some twenty lines."""
    found = expect(0, "inspect", minilm, "--json").json
    assert found["tensors"] == 104
    assert found["parameters"]["unique"] == 22_713_216
    assert found["buffers"] == 512
    assert found["nbytes"] == 90_856_960
    lines = expect(0, "inspect", minilm, "-f", "tree").out.splitlines()
    assert len(lines) < 30
    assert any(line.startswith("encoder.layer.0-5 ") for line in lines)


def test_a_file_without_tensors_is_no_error():
    path = FIXTURES / "empty.safetensors"
    assert expect(0, "ls", path).out == ""
    found = expect(0, "inspect", path, "--json").json
    assert (found["tensors"], found["parameters"]["unique"], found["tree"]) == (0, 0, [])


def test_warnings_go_to_stderr():
    found = expect(0, "ls", FIXTURES / "tied-but-both-stored")
    assert found.err.startswith("warning: config.json ties lm_head.weight to ")
    assert expect(0, "ls", FIXTURES / "tied-but-both-stored", "-q").err == ""


def test_a_spec_is_looked_at_like_a_checkpoint(tmp_path):
    """Unknown sizes are ``?`` and null, until an input tells them."""
    spec = Path(__file__).parent.parent.parent / "paramctl" / "cli" / "tour" / "mlp.yaml"
    assert expect(0, "ls", spec, "0.weight").rows == [["0.weight", "F32", "[256,?]", "?", "?"]]
    row = expect(0, "ls", spec, "0.weight", "--json").json["tensors"][0]
    assert (row["shape"], row["numel"], row["nbytes"], row["shard"]) == (
        [256, None],
        None,
        None,
        None,
    )
    assert expect(0, "inspect", spec, "--json").json["parameters"]["unique"] is None
    found = expect(0, "inspect", spec, "--input", "x=2x20", "--json").json
    assert found["parameters"] == {"unique": 7946, "stored": 7946, "named": 7946}
    assert expect(0, "ls", spec, "type:Linear", "-f", "names").out.split() == [
        "0.bias", "0.weight", "2.bias", "2.weight",
    ]  # fmt: skip


def test_an_input_is_for_a_spec():
    assert expect(2, "ls", "tied.safetensors", "--input", "x=2x20", cwd=FIXTURES).err == (
        "paramctl: tied.safetensors: --input and --set are for a SPEC, and this is a checkpoint\n"
    )


def test_meta_shows_the_metadata():
    path = FIXTURES / "metadata.safetensors"
    assert expect(0, "meta", path, "--json").json == {
        "schema": "paramctl/meta/1",
        "metadata": {
            "format": "pt", "author": "someone", "note": "two\nlines and \x1b[31mcolour", "": "x",
        },
    }  # fmt: skip
    assert expect(0, "meta", path).rows[2] == ["note", "two\\x0alines and \\x1b[31mcolour"]


def test_a_reader_that_stops_is_no_trouble(tmp_path):
    """``| head`` ends the command with 141 and without a word."""
    import subprocess
    import sys

    path = tmp_path / "many.safetensors"
    path.write_bytes(
        spell.checkpoint({f"layers.{n}.weight": ("U8", (1,), b"\0") for n in range(30_000)})
    )
    script = f'"{sys.executable}" -m paramctl ls "{path}" | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout == "layers.0.weight\tU8\t[1]\t1\t1\n141\n"
    assert done.stderr == ""


@pytest.mark.parametrize("form", ["tsv", "csv", "json", "jsonl", "md", "names", "table", "tree"])
@pytest.mark.parametrize("verb", ["ls", "inspect"])
def test_every_form_works_on_every_small_checkpoint(verb, form):
    for path in sorted(FIXTURES.glob("*.safetensors")):
        found = expect(0, verb, path, "-f", form)
        if form == "json":
            assert found.json["schema"] == f"paramctl/{verb}/1"
        if form == "jsonl":
            assert all(json.loads(line) for line in found.out.splitlines())


def test_types_and_roles_come_from_the_family_that_the_config_names(minilm):
    """BERT has six linear layers per block and one in the pooler; its norms are two per block."""
    linear = expect(0, "ls", minilm, "type:Linear & ndim:2", "-f", "names").out.split()
    assert len(linear) == 37
    norms = expect(0, "ls", minilm, "role:norm & layer:0", "-f", "names").out.split()
    assert len(norms) == 4


def test_without_a_config_there_are_no_types():
    assert expect(2, "ls", TIED, "role:norm").err == (
        "paramctl: 'role' needs a spec, and none is known for this checkpoint\n"
        "hint: name a SPEC, or select by name\n"
    )
