"""How much a text of the language may cost: so little that none can hang or fill a machine."""

LONGEST_TEXT = 20_000
DEEPEST = 100
LARGEST_EXPONENT = 64
LARGEST_INTEGER = 2**128
LONGEST_LIST = 10_000
MOST_ROUNDS = 10_000
MOST_WHILE_ROUNDS = 1_000
MOST_STEPS = 200_000
