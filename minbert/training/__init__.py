"""Training: one loop, one file a stage, recipes and presets, and the grid of the paper."""
