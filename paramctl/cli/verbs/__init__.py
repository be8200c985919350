"""One file per verb: its name is the verb's, ``run`` (or ``app``, for verbs with verbs) its body."""
