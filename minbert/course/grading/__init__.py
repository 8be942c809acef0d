"""Grading the build track: many learners' files, each run in processes of its own, and points."""
