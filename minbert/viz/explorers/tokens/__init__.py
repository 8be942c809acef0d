"""The token explorer: pieces, ids, segments."""
