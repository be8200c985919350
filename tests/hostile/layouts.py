"""Files built at random that are nearly right: a layout, then a change or two of its meaning."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from hostile.dice import Dice
from make_checkpoints import BITS

_NAMES = ["a", "b", "a.b", "é", "", "x:y", "[", "__metadata", "\x1b", "0", "weight", '"', "\\",
          "__metadata__", "\U0001f600", "\x7f", "a" * 40]  # fmt: skip
_SIZES = [0, 1, 2, 3, 4, 8, 2**32, 2**62, 2**63, 2**64 - 1, 2**64, 10**30]
_SCALARS = ["null", "true", "1.5", "-1", "-0", '"1"', "[]", "{}", "1e2", "3", "1E400", "-0.0",
            "00", '"\\ud800"', '"\\ud83d\\ude00"', "NaN", "18446744073709551616"]  # fmt: skip
_METADATA = ["{}", '{"format":"pt"}', '{"a":"b","c":""}', "null", '{"a":1}', "[]", '{"a:":":"}',
             '{"a":"b","a":"c"}', '{"a":null}', '{"":"\\u0000"}', '"x"']  # fmt: skip
_SPACES = ["", "", "", "", " ", "\n", "\t\r "]
_DTYPES = [*BITS, "F33", "bf16", "", "F8_E4M3FNUZ ", "F8"]
_KNOWN = list(BITS)
_KEYS = ["dtype", "shape", "data_offsets"]
_STRANGE = ["extra", "Dtype", "dtype ", "", "shape\\u0000", "\\u0064type"]
_VARIANTS = 6

_Tensor = tuple[str, dict[str, str]]  # a name and the text of its fields


@dataclass
class Layout:
    """The text of a header in pieces, and how many bytes of data follow.

    Attributes:
        is_plain: whether it is spelled as the reference writer does, without a blank but for the
            padding; a way of its own leads through the readers for those.
    """

    tensors: list[_Tensor] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    nbytes: int = 0
    is_plain: bool = False

    def copy(self) -> "Layout":
        """One that can be changed without changing this one."""
        tensors = [(name, dict(fields)) for name, fields in self.tensors]
        return Layout(tensors, list(self.metadata), self.nbytes, self.is_plain)

    def content(self, dice: Dice) -> bytes:
        """The file, its entries in any order; with white space here and there unless plain."""
        entries = [f'"__metadata__":{text}' for text in self.metadata]
        if self.is_plain:
            for name, fields in self.tensors:
                body = ",".join([f'"{key}":{value}' for key, value in fields.items()])
                entries.append(f"{_SPELLED[name][1]}:{{{body}}}")
            header = f"{{{','.join(entries)}}}".encode()
            header += b" " * (-len(header) % 8 if dice.chance(0.9) else dice.below(9))
            return len(header).to_bytes(8, "little") + header + bytes(self.nbytes)
        for name, fields in self.tensors:
            space = dice.pick(_SPACES)
            body = ",".join([f'"{key}":{space}{value}' for key, value in fields.items()])
            body = f"{{{body}{space}}}"
            if dice.chance(0.01):  # a form that the reference takes
                body = f"[{','.join(fields.values())}]"
            entries.append(f"{space}{_spelled(name, dice)}{space}:{body}")
        if len(entries) > 1 and dice.chance(0.2):
            entries.insert(dice.below(len(entries)), entries.pop())
        header = f"{dice.pick(_SPACES)}{{{','.join(entries)}}}{dice.pick(_SPACES)}".encode()
        return len(header).to_bytes(8, "little") + header + bytes(self.nbytes)


def near_layouts(dice: Dice) -> Iterator[bytes]:
    """Some files around one layout: right, or with up to two changes each."""
    made = _layout(dice)
    made.is_plain = dice.chance(0.5)
    for _ in range(_VARIANTS):
        layout = made.copy()
        for _ in range(dice.pick((0, 1, 1, 1, 2))):
            _change(layout, dice)
        yield layout.content(dice)


def _layout(dice: Dice) -> Layout:
    layout = Layout(metadata=[dice.pick(_METADATA[:3])] if dice.chance(0.3) else [])
    first = dice.below(len(_NAMES))
    for place in range(dice.below(6)):
        dtype = dice.pick(_KNOWN)
        shape = [dice.below(5) for _ in range(dice.below(4))]
        bits = BITS[dtype]
        for size in shape:
            bits *= size
        end = layout.nbytes + bits // 8
        offsets = f"[{layout.nbytes},{end}]"
        fields = {"dtype": f'"{dtype}"', "shape": _compact(shape), "data_offsets": offsets}
        layout.tensors.append((_NAMES[(first + place * 5) % len(_NAMES)], fields))
        layout.nbytes = end
    return layout


def _change(layout: Layout, dice: Dice) -> None:
    kind = dice.below(13)
    if kind == 0:
        layout.nbytes = max(0, layout.nbytes + dice.pick((-1, 1, 8)))
    elif kind == 1:
        layout.metadata.append(dice.pick(_METADATA))
    elif layout.tensors:
        _change_tensor(layout, kind, dice)


def _change_tensor(layout: Layout, kind: int, dice: Dice) -> None:
    place = dice.below(len(layout.tensors))
    name, fields = layout.tensors[place]
    if kind == 2:
        fields.pop(dice.pick(_KEYS), None)
    elif kind == 3:
        fields[dice.pick(_STRANGE)] = dice.pick([*_SCALARS, '{"a":[-0]}', "[" * 70 + "]" * 70])
    elif kind == 4:
        fields[dice.pick(_KEYS)] = dice.pick(_SCALARS)
    elif kind == 5:
        fields["dtype"] = f'"{dice.pick(_DTYPES)}"'
    elif kind == 6:
        layout.tensors.append((name if dice.chance(0.5) else dice.pick(_NAMES), dict(fields)))
    elif kind == 7:
        sizes = _numbers(fields.get("shape", ""))
        sizes.insert(dice.below(len(sizes) + 1), dice.pick(_SIZES))
        fields["shape"] = _compact(sizes)
    elif kind == 8:
        places = _numbers(fields.get("data_offsets", ""))
        fields["data_offsets"] = _compact([max(0, at + dice.pick((-1, 0, 1))) for at in places])
    elif kind == 9:
        layout.tensors[place] = dice.pick(_NAMES), fields
    elif kind == 10:
        _swap_places(layout, place, dice)
    elif kind == 11:
        fields["dtype"] = f"{{{fields.get('dtype', '')}:null}}"
    else:
        layout.tensors[place] = name, dict(sorted(fields.items(), reverse=dice.chance(0.5)))


def _swap_places(layout: Layout, place: int, dice: Dice) -> None:
    """Two tensors take each other's bytes, which is right only where their sizes agree."""
    fields, others = layout.tensors[place][1], dice.pick(layout.tensors)[1]
    here, there = fields.get("data_offsets", "[0,0]"), others.get("data_offsets", "[0,0]")
    fields["data_offsets"], others["data_offsets"] = there, here


def _compact(numbers: list[int]) -> str:
    return f"[{','.join(map(str, numbers))}]"


def _numbers(text: str) -> list[int]:
    digits = "".join(mark if mark.isdigit() else " " for mark in text)
    return [int(number) for number in digits.split()]


def _spellings(name: str) -> tuple[str, ...]:
    escaped = "".join(f"\\u{ord(mark):04x}" for mark in name if ord(mark) < 1 << 16)
    plain = json.dumps(name), json.dumps(name, ensure_ascii=False)
    return (*plain * 4, f'"{escaped}"')


_SPELLED = {name: _spellings(name) for name in _NAMES}


def _spelled(name: str, dice: Dice) -> str:
    return dice.pick(_SPELLED[name])
