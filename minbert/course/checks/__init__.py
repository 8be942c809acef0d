"""Checkers of the exercises: one file a notebook. They say what is wrong, not only that it is."""
