"""A mistake in a recipe is told with its place in the recipe."""

import pytest
from command import expect
from edit.recipes import tensors, write
from edit_checkpoints import single


@pytest.mark.parametrize(
    ("text", "code", "where", "problem", "hint"),
    [
        ("steps:\n- kep: {select: x}", 3, "2:3", "no edit is called 'kep'", "did you mean keep?"),
        ("steps:\n- keep: {selct: x}", 3, "2:10", "keep has no 'selct'", "did you mean select?"),
        ("steps:\n- keep: {}", 3, "2:3", "keep needs 'select'", ""),
        ("steps:\n- keep:", 3, "2:3", "keep needs 'select'", ""),
        ("steps:\n- cast: {dtype: bf15}", 3, "2:3", "no dtype named 'bf15'", None),
        (
            "steps:\n- init: {select: lm_head, scheme: xaver}",
            3,
            "2:3",
            "no initializer named 'xaver'",
            "did you mean xavier?",
        ),
        ("steps:\n- init: {seed: no}", 3, "2:16", "'seed' is a whole number", ""),
        ("steps:\n- tie: {auto: 1}", 3, "2:15", "'auto' is true or false", ""),
        ("steps:\n- tie: {auto: true}\n  drop: {select: x}", 3, "2:3", None, ""),
        (
            "steps:\n- keep: {select: x, expect: 1}\n  expect: 2",
            3,
            "3:3",
            "expect stands here twice",
            "",
        ),
        (
            "steps:\n- reshard: {single: true}\n  expect: 2",
            3,
            "3:3",
            "reshard selects nothing that could be counted",
            "",
        ),
        ("steps: []", 3, "1:8", "a recipe has a list of steps", None),
        ("step: []", 3, "1:1", "a recipe has no 'step'", "did you mean steps?"),
        (
            "steps:\n- keep: {select: lm_haed}",
            2,
            "2:3",
            "'lm_haed' selects none of 12 tensors",
            None,
        ),
        (
            "steps:\n- keep: {select: lm_head}\n  expect: 3",
            2,
            "2:3",
            "selected 1 of 12 tensors, expected 3",
            "",
        ),
        (
            "steps:\n- drop: {select: steps}\n- resize: {select: lm_head, dim: 0=2}",
            2,
            "3:3",
            "lm_head.weight: axis 0 of [6,2] would shrink to 2",
            "--allow-shrink drops what lies beyond",
        ),
        ("steps:\n- graft: {select: x, from: no.safetensors}", 3, "2:28", None, None),
        (
            "steps:\n- layers: {list: 0, -at: x}",
            3,
            "2:21",
            "layers has no '-at'",
            "did you mean at?",
        ),
        ("steps: [", 3, "2:1", None, None),
    ],
)
def test_a_mistake_has_its_place(tmp_path, text, code, where, problem, hint):
    source, path = single(tmp_path, tensors()), write(tmp_path, text)
    lines = expect(code, "apply", path, source, "--check").err.splitlines()
    assert lines[0].startswith(f"paramctl: {path}:{where}: ")
    if problem is not None:
        assert lines[0] == f"paramctl: {path}:{where}: {problem}"
    if hint is not None:
        assert [line for line in lines if line.startswith("hint")] == (
            [f"hint: {hint}"] if hint else []
        )


def test_a_recipe_that_is_not_there_says_so(tmp_path):
    source = single(tmp_path, tensors())
    result = expect(3, "apply", tmp_path / "no.yaml", source, "--check")
    assert result.err == (
        f"paramctl: {tmp_path / 'no.yaml'}: can't read the recipe: no such file or directory\n"
    )
