"""Mistakes in JSON, in words of our own that are the same in any Python."""

import json

import pytest

from paramctl.formats.json_words import what_is_wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wanted a value at character 0, found the end"),
        ("x", "wanted a value at character 0, found 'x'"),
        ('{"a":1}\x00', "wanted nothing more at character 7, found '\\x00'"),
        ("{'a':1}", "wanted a key in double quotes at character 1, found '''"),
        ('{"a":1,}', "wanted a key in double quotes at character 7, found '}'"),
        ('{"a":1 ,\n }', "wanted a key in double quotes at character 10, found '}'"),
        ('{"a":1', "wanted ',' or the end of what is open at character 6, found the end"),
        ('{"a" 1}', "wanted ':' at character 5, found '1'"),
        ('{"a":[1 2]}', "wanted ',' or the end of what is open at character 8, found '2'"),
        ("[1,]", "wanted a value at character 3, found ']'"),
        ('{"a":"b', "a string begins and does not end at character 5"),
        ('{"a\n":1}', "a control character stands as it is at character 3"),
        ('{"\\x":1}', "there is no such escape at character 2"),
        ('{"\\u00g0":1}', "there is no such escape at character 3"),
        ("\x1b[31m", "wanted a value at character 0, found '\\x1b'"),
    ],
)
def test_a_mistake_has_its_place_and_what_stands_there(text, said):
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    assert what_is_wrong(caught.value) == said


@pytest.mark.parametrize(("text", "place"), [('{"a":1,}', 6), ('{"a":[1, ]}', 7)])
def test_newer_words_for_a_trailing_comma_say_the_same(text, place):
    """Python 3.13 points at the comma, older ones at what is behind it."""
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    container = "object" if text.endswith(",}") else "array"
    newer = json.JSONDecodeError(f"Illegal trailing comma before end of {container}", text, place)
    assert what_is_wrong(newer) == what_is_wrong(caught.value)
