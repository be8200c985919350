"""inspect, ls, show and meta as users and scripts meet them."""

import json
from pathlib import Path

import numpy as np
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


@pytest.fixture
def numbers(tmp_path) -> Path:
    path = tmp_path / "n.safetensors"
    matrix = np.array([[1, -2.5, np.nan], [0.1, np.inf, -0.0]], "<f4")
    path.write_bytes(
        spell.checkpoint(
            {
                "m": spell.f32(matrix),
                "h": spell.bf16(np.array([[0.1, 2]], "<f4")),
                "b": ("BOOL", (2,), b"\1\0"),
                "i": ("I64", (), (7).to_bytes(8, "little")),
                "c": ("C64", (1,), np.array([1 - 2j], "<c8").tobytes()),
                "f": ("F8_E4M3", (2,), b"\x38\x7f"),
                "q": ("F4", (2,), b"\0"),
                "e": ("F32", (0, 3), b""),
            }
        )
    )
    return path


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "values"),
    [
        ("m", "F32", [2, 3], [[1, -2.5, "NaN"], [float(np.float32(0.1)), "Infinity", -0.0]]),
        ("m[0,:2]", "F32", [2], [1, -2.5]),
        ("m[-1,0]", "F32", [], float(np.float32(0.1))),
        ("h[0]", "BF16", [2], [0.10009765625, 2]),
        ("b", "BOOL", [2], [True, False]),
        ("i", "I64", [], 7),
        ("c", "C64", [1], [[1, -2]]),
        ("f", "F8_E4M3", [2], [1, "NaN"]),
        ("e", "F32", [0, 3], []),
    ],
)
def test_show_as_json(numbers, name, dtype, shape, values):
    found = expect(0, "show", numbers, name, "--json").json
    assert found == {
        "schema": "paramctl/show/1",
        "name": name.partition("[")[0],
        "dtype": dtype,
        "shape": shape,
        "values": values,
    }


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("m", ["1.0\t-2.5\tNaN", "0.1\tInfinity\t-0.0"]),
        ("m[0]", ["1.0", "-2.5", "NaN"]),
        ("i", ["7"]),
        ("b", ["true", "false"]),
        ("e", []),
    ],
)
def test_show_in_a_pipe_is_numbers(numbers, name, lines):
    assert expect(0, "show", numbers, name).out.splitlines() == lines


def test_show_as_a_table_reads_like_numpy(numbers):
    assert expect(0, "show", numbers, "m[:,:2]", "-f", "table").out == (
        "m  F32  [2,2]\n[[ 1.  -2.5]\n [ 0.1  inf]]\n"
    )


def test_show_of_a_dtype_without_arrays(numbers):
    assert expect(2, "show", numbers, "q").err == (
        "paramctl: F4 tensors can be listed and copied, not computed on\n"
    )


def test_npy_holds_the_values(numbers, tmp_path):
    out = tmp_path / "out.npy"
    found = expect(0, "show", numbers, "h", "--npy", out)
    assert found.out == ""
    assert found.err == f"wrote {out}: BF16 as float32 [1, 2]\n"
    array = np.load(out)
    assert array.dtype == np.float32
    assert array.tolist() == [[0.10009765625, 2.0]]


def test_npy_overwrites_only_when_forced(numbers, tmp_path):
    out = tmp_path / "out.npy"
    out.write_bytes(b"mine")
    assert expect(2, "show", numbers, "i", "--npy", out).err == (
        f"paramctl: {out}: it exists already\nhint: add --force to replace it\n"
    )
    assert out.read_bytes() == b"mine"
    expect(0, "show", numbers, "i", "--npy", out, "--force")
    assert np.load(out) == 7


def test_npy_never_replaces_the_checkpoint(numbers):
    before = numbers.read_bytes()
    assert expect(2, "show", numbers, "i", "--npy", numbers, "--force").err == (
        f"paramctl: {numbers}: it is the checkpoint itself\n"
    )
    assert numbers.read_bytes() == before


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
