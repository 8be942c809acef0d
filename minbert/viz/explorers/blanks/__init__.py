"""The blank explorer: what models expect in a gap."""
