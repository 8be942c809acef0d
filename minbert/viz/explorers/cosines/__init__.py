"""The cosine lab: how alike pairs are, stage by stage."""
