"""What the paper's section 6 only guesses, as experiments: one guess a file."""
