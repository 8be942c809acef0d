"""A run on data of one's own: stages, what came of them, and the folder that is left."""
