"""One checker a piece: what it tries, and the known mistakes that it names."""
