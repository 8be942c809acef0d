"""The training monitor: curves while they grow."""
