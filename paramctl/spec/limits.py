"""How large a model may be: so that none can hang or fill a machine before it is refused."""

MOST_MODULES = 100_000
MOST_EVALUATED = 10_000  # those of them whose expressions are evaluated; the others are copies
DEEPEST = 48
