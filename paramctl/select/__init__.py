"""The selection grammar: text to a predicate over entries."""
