"""What looks inside a model: geometry, neighbours, attention, attribution, ablation, blanks."""
