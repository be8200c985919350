"""One file per verb, named like it: ``run`` is its body, or ``app`` where it has sub-verbs."""
