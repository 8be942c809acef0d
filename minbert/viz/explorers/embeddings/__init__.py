"""The embedding explorer: a map of sentences, and their neighbours."""
