"""The similarity explorer: two sentences under each pooling and each head."""
