"""Specs from strangers: tricks of YAML, sizes that would fill a machine, and ways out."""

HEAD = "paramctl: 1\n"
ALIASES = "\n".join(
    [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if n else "a0: &a0 [x]" for n in range(9)]
)
HOSTILE = {
    "Y01 alias bomb": (HEAD + ALIASES, "2:5", "anchors are not part of the spec language"),
    "Y02 merge keys": (
        HEAD + "<<: {name: x}",
        "2:1",
        "merge keys are not part of the spec language",
    ),
    "Y03 5,000 deep flow": (HEAD + "model: " + "[" * 5000, "2:71", "nested more than 64 deep"),
    "Y04 100,000 deep": ("[" * 100_000, "1:65", "nested more than 64 deep"),
    "Y05 3,000 deep block": ("- " * 3000, "1:129", "nested more than 64 deep"),
    "Y06 recursive alias": (
        HEAD + "config: &c\n  a: *c",
        "2:9",
        "anchors are not part of the spec language",
    ),
    "Y07 duplicate keys": (
        HEAD + "name: a\nname: b",
        "3:1",
        "the key 'name' stands here twice, first in line 2",
    ),
    "Y08 a call in a tag": (
        "!!python/object/apply:os.system [ls]",
        "1:1",
        "tags are not part of the spec language",
    ),
    "Y09 a name in a tag": (
        HEAD + "name: !!python/name:os.system",
        "2:7",
        "tags are not part of the spec language",
    ),
    "Y10 own tag": (HEAD + "name: !mine x", "2:7", "tags are not part of the spec language"),
    "Y11 no as a key": (HEAD + "no: 1", "2:1", "a spec has no 'no'"),
    "Y12 1e3 as a version": ("paramctl: 1e3", "1:11", "this version of the language is not known"),
    "Y13 .nan as a size": (
        HEAD + "inputs: {x: [.nan, 2]}\nmodel: relu",
        "2:14",
        "a size is a whole number from 0 to 2**31, found nan",
    ),
    "Y14 a date as a size": (
        HEAD + "inputs: {x: [2001-01-01]}\nmodel: relu",
        "2:19",
        "leading zeros in decimal integer literals are not permitted; use an 0o prefix "
        "for octal integers",
    ),
    "Y15 a list as a key": (HEAD + "? [a, b]\n: c", "2:3", "a key is a text, not a list or a map"),
    "Y16 two documents": (
        HEAD + "model: relu\n---\nmodel: tanh",
        "3:1",
        "a second document begins here",
    ),
    "Y17 5,000 digits": (
        HEAD + "config: {a: " + "9" * 5000 + "}\nmodel: relu",
        "2:13",
        "a number of more than 40 digits",
    ),
    "Y18 a tab as indent": (
        HEAD + "model:\n\t- relu",
        "3:1",
        "YAML can't begin anything with this character",
    ),
    "Y20 20,000 aliases": (
        HEAD + "config: [" + "*x, " * 20_000 + "]",
        "2:10",
        "aliases are not part of the spec language",
    ),
    "Y21 a key of 2 MB": ("k" * 2_000_000 + ": 1", "", "larger than 1 MiB, which no spec is"),
    "Y22 NUL": (HEAD + "name: \0", "2:7", "the character \\x00 is not allowed in YAML"),
    "Y23 __class__": (HEAD + "__class__: x", "2:1", "a spec has no '__class__'"),
    "Y23b __class__ as a child": (
        HEAD + "model:\n  modules: {__class__: relu}",
        "3:13",
        "'__class__' can't be a name",
    ),
    "Y24 unknown layer": (HEAD + "model: Linaer(4, 5)", "2:8", "no layer named 'Linaer'"),
    "Y25a -1": (
        HEAD + "model: Linear(-1, 5)",
        "2:8",
        "a size is a whole number from 1 to 2**48, not -1",
    ),
    "Y25b 0": (
        HEAD + "model: Linear(0, 5)",
        "2:8",
        "a size is a whole number from 1 to 2**48, not 0",
    ),
    "Y25c 2**63": (
        HEAD + "model: Linear(2**63, 5)",
        "2:8",
        "a size is a whole number from 1 to 2**48, not 9223372036854775808",
    ),
    "Y25d a fraction": (
        HEAD + "model: Linear(2.5, 5)",
        "2:8",
        "a size is a whole number, not 2.5 (float)",
    ),
    "Y25e a text": (
        HEAD + "model: Linear('768', 5)",
        "2:8",
        "a size is a whole number, not the text '768'",
    ),
    "Y26 a billion layers": (
        HEAD + "model: Repeat(10**9, relu)",
        "2:15",
        "1000000000 modules are more than 100,000",
    ),
    "Y26b by a product": (
        HEAD + "model: Repeat(10000, Repeat(10000, relu))",
        "2:8",
        "100,010,001 modules are more than 100,000",
    ),
    "Y27 a product of sizes": (
        HEAD + "model: Linear(2**40, 2**40)",
        "2:8",
        "a tensor of 1208925819614629174706176 elements is more than 2**50",
    ),
    "Y28 an include": (
        HEAD + "extends: /etc/passwd\nmodel: relu",
        "2:10",
        "no built-in family named '/etc/passwd'",
    ),
    "Y28b a cycle": (
        HEAD + "extends: net.yaml\nmodel: relu",
        "2:10",
        "net.yaml extends itself by way of this spec",
    ),
}

# Lines of a forward that try to reach something, or to take more than there is.
WAYS_OUT = (
    "return x.__class__",
    "return x.array",
    "return x.execution",
    "return x.execution.backend",
    "return x.language_attribute('array')",
    "return fc.module",
    "return fc.execution.parameter",
    "return fc.weight.value",
    "return fc.forward(x)",
    "return relu.python",
    "return relu.__globals__",
    "return relu.__init__.__globals__['os']",
    "return ().__class__.__bases__[0].__subclasses__()",
    "return 'a'.format(x)",
    "return '{0.__class__}'.format(x)",
    "return x.shape.__class__",
    "return x.shape.count(2)",
    "return (1).__class__",
    "return __import__('os').system('true')",
    "return open('/etc/passwd')",
    "return eval('1 + 1')",
    "return exec('x = 1')",
    "return compile('1', '', 'eval')",
    "return getattr(x, 'array')",
    "return globals()",
    "return vars(x)",
    "return type(x)",
    "return load('/etc/passwd')",
    "return fromfile('/etc/passwd')",
    "return memmap('/etc/passwd')",
    "return os",
    "return numpy",
    "return np.load('/etc/passwd')",
    "return sys.modules",
    "return self",
    "return execution",
    "import os\n    return x",
    "from os import system\n    return x",
    "x.array = 3\n    return x",
    "x[0] = 3\n    return x",
    "return (lambda: 0)()",
    "return [c for c in x]",
    "return f'{x}'",
    "return x if (y := 3) else x",
    "return *x",
    "global x\n    return x",
    "return einsum('ab', x, x, x)",
    "return einsum('a' * 9, x)",
    "return einsum(x, x)",
    "return reshape(x, 10 ** 40)",
    "return reshape(x, -1, -1)",
    "return zeros(2 ** 48)",
    "return ones(2 ** 30, 2 ** 30)",
    "return arange(2 ** 62)",
    "return arange(0, 1, 0)",
    "return expand(x, 2 ** 48, 2, 4)",
    "return pad(x, (0, 2 ** 50))",
    "return repeat_heads(x, 2 ** 40)",
    "return heads(x, 0)",
    "return 10 ** 10 ** 10",
    "return 9 ** 64 ** 64",
    "return 2 ** 100 * 2 ** 100",
    "return (1,) * 10 ** 9",
    "return 'a' * 10 ** 9",
    "return x[10 ** 30]",
    "return x['__class__']",
    "return x[fc]",
    "return range(10 ** 12)",
    "for a in range(10 ** 9):\n      x = x + 1\n    return x",
    "for a in range(10000):\n      for b in range(10000):\n        c = a\n    return x",
    "while True:\n      x = x\n    return x",
    "for a in range(200):\n      x = concat(x, x)\n    return x",
    "y = (x, x)\n    for a in range(200):\n      y = (y, y)\n    return y",
    "return fc(fc(fc))",
    "return fc",
    "return relu",
    "return None",
    "return softmax",
    "return mixture(x, x, relu)",
    "return rope(x, theta=0)",
    "return attention(x, x, x)",
    "return conv(x, x, stride=0)",
    "return keep_top(x, 10 ** 9)",
    "return cumsum(x, 10 ** 9)",
    "return " + "(" * 300 + "x" + ")" * 300,
    "return " + "x+" * 9000 + "x",
    "return x" + "[0]" * 500,
)
SHELL = HEAD + "model:\n  modules: {fc: 'Linear(4, 4)'}\n  forward: |\n    "

# Models close to the bounds, within them and beyond.
LARGE = {
    "at the bound": "model: Repeat(99_999, relu)",
    "beyond by one": "model: Repeat(100_000, relu)",
    "nested, beyond": "model: Repeat(1000, Repeat(1000, relu))",
    "nested, 999,000": "model: Repeat(999, Repeat(999, Linear(4, 4)))",
    "nested by blocks": "blocks:\n"
    + "".join(f"  B{n}: {{modules: {{a: 'Repeat(10, B{n + 1}())'}}}}\n" for n in range(40))
    + "  B40: {modules: {a: relu}}\nmodel: B0()",
    "doubled 40 times": "blocks:\n"
    + "".join(f"  B{n}: {{modules: {{a: B{n + 1}(), b: B{n + 1}()}}}}\n" for n in range(40))
    + "  B40: {modules: {a: relu}}\nmodel: B0()",
    "many tensors": "model:\n  params: {'w{i}': 'Repeat(10000, Param(2))'}\n  forward: return x",
    "many lists": "model: " + "Sequential(" * 40 + "relu" + ")" * 40,
}


def corpus() -> dict[str, str]:
    """Every text by name."""
    found = {name: text for name, (text, *_) in HOSTILE.items()}
    found |= {f"way out {n}: {line[:40]}": f"{SHELL}{line}\n" for n, line in enumerate(WAYS_OUT)}
    return found | {f"large: {name}": f"{HEAD}{text}\n" for name, text in LARGE.items()}
