"""What is wrong with a text that is no JSON, in words that no version of Python changes."""

import json

from paramctl.names import show

_WANTED = {
    "Expecting property name": "wanted a key in double quotes",
    "Expecting ':'": "wanted ':'",
    "Expecting ','": "wanted ',' or the end of what is open",
    "Expecting value": "wanted a value",
    "Extra data": "wanted nothing more",
}
_WRONG = {
    "Unterminated string": "a string begins and does not end",
    "Invalid control": "a control character stands as it is",
    "Invalid \\uXXXX": "there is no such escape",
    "Invalid \\escape": "there is no such escape",
}
_TRAILING = "Illegal trailing comma"  # told at the comma since Python 3.13, behind it before
_SPACES = " \t\n\r"


def what_is_wrong(error: json.JSONDecodeError) -> str:
    """The mistake, where it is, and what stands there."""
    text, place, said = error.doc, error.pos, error.msg
    if said.startswith(_TRAILING):
        place = len(text) - len(text[place + 1 :].lstrip(_SPACES))
        said = "Expecting property name" if text[place : place + 1] == "}" else "Expecting value"
    for beginning, wrong in _WRONG.items():
        if said.startswith(beginning):
            return f"{wrong} at character {place}"
    wanted = next((ours for theirs, ours in _WANTED.items() if said.startswith(theirs)), "")
    found = f"'{show(text[place])}'" if place < len(text) else "the end"
    return f"{wanted or 'it makes no sense'} at character {place}, found {found}"
