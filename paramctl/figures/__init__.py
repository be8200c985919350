"""One pass over blocks of a tensor: statistics, comparison, digests."""
