"""Files built at random that are nearly right: a layout, then a change or two of its meaning."""

import json
import random
from dataclasses import dataclass, field

from make_checkpoints import BITS

_NAMES = ["a", "b", "a.b", "é", "", "x:y", "[", "__metadata", "\x1b", "0", "weight", '"', "\\"]
_SIZES = [0, 1, 2, 3, 4, 8, 2**32, 2**63, 2**64 - 1, 2**64]
_SCALARS = ["null", "true", "1.5", "-1", "-0", '"1"', "[]", "{}", "1e2", "3"]
_METADATA = ["{}", '{"format":"pt"}', '{"a":"b","c":""}', "null", '{"a":1}', "[]", '{"a:":":"}']
_SPACES = ["", "", "", " ", "\n", "\t\r "]


@dataclass
class Layout:
    """The text of a header in pieces, and how many bytes of data follow."""

    tensors: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    nbytes: int = 0

    def content(self, draw: random.Random) -> bytes:
        """The file, with white space here and there."""
        entries = [f'"__metadata__":{text}' for text in self.metadata]
        for name, fields in self.tensors:
            space = draw.choice(_SPACES)
            body = ",".join(f'"{key}":{space}{value}' for key, value in fields.items())
            entries.append(f"{space}{_spelled(name, draw)}{space}:{{{body}{space}}}")
        if draw.random() < 0.2:
            draw.shuffle(entries)
        header = f"{draw.choice(_SPACES)}{{{','.join(entries)}}}{draw.choice(_SPACES)}".encode()
        return len(header).to_bytes(8, "little") + header + bytes(self.nbytes)


def near_layout(draw: random.Random) -> bytes:
    """A file that is right or has up to two changes."""
    layout = _layout(draw)
    for _ in range(draw.choice((0, 1, 1, 2))):
        _change(layout, draw)
    return layout.content(draw)


def _layout(draw: random.Random) -> Layout:
    layout = Layout(metadata=[draw.choice(_METADATA[:3])] if draw.random() < 0.3 else [])
    names = draw.sample(_NAMES, draw.randint(0, 5))
    for name in names:
        dtype = draw.choice(list(BITS))
        shape = [draw.randint(0, 4) for _ in range(draw.randint(0, 3))]
        bits = BITS[dtype]
        for size in shape:
            bits *= size
        end = layout.nbytes + bits // 8
        offsets = f"[{layout.nbytes},{end}]"
        fields = {"dtype": f'"{dtype}"', "shape": json.dumps(shape), "data_offsets": offsets}
        layout.tensors.append((name, fields))
        layout.nbytes = end
    return layout


def _change(layout: Layout, draw: random.Random) -> None:
    kind = draw.randrange(10)
    if kind == 0:
        layout.nbytes = max(0, layout.nbytes + draw.choice((-1, 1, 8)))
    elif kind == 1:
        layout.metadata.append(draw.choice(_METADATA))
    elif layout.tensors:
        _change_tensor(layout, kind, draw)


def _change_tensor(layout: Layout, kind: int, draw: random.Random) -> None:
    place = draw.randrange(len(layout.tensors))
    name, fields = layout.tensors[place]
    key = draw.choice(list(fields))
    if kind == 2:
        del fields[key]
    elif kind == 3:
        fields[draw.choice(["extra", "Dtype", "dtype "])] = draw.choice([*_SCALARS, '{"a":[-0]}'])
    elif kind == 4:
        fields[key] = draw.choice(_SCALARS)
    elif kind == 5:
        fields["dtype"] = f'"{draw.choice([*BITS, "F33", "bf16", ""])}"'
    elif kind == 6:
        layout.tensors.append((draw.choice([name, *_NAMES]), dict(fields)))
    elif kind == 7 and "shape" in fields:
        shape = _numbers(fields["shape"])
        shape.insert(draw.randint(0, len(shape)), draw.choice(_SIZES))
        fields["shape"] = json.dumps(shape)
    elif kind == 8 and "data_offsets" in fields:
        offsets = [
            max(0, offset + draw.choice((-1, 0, 1))) for offset in _numbers(fields["data_offsets"])
        ]
        fields["data_offsets"] = json.dumps(offsets)
    elif kind == 9:
        layout.tensors[place] = (draw.choice(_NAMES), fields)


def _numbers(text: str) -> list[int]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [int(number) for number in found] if isinstance(found, list) else []


def _spelled(name: str, draw: random.Random) -> str:
    if draw.random() < 0.1:
        return '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'
    return json.dumps(name, ensure_ascii=draw.random() < 0.5)
