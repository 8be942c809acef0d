"""The build track: learners write BERT themselves, in one file of ten pieces."""
