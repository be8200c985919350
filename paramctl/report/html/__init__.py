"""One page about a checkpoint, complete in itself: for a browser without a network."""
