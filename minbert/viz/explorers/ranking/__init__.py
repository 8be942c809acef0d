"""The ranking lab: a batch, its loss, and the gradient of each pair."""
