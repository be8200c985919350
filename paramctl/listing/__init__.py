"""What a checkpoint or spec holds: inspect, ls and show as functions."""
