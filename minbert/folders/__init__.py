"""Folders that commands write: the place, the lock, what is ours in them, and how it is replaced.

What a command writes is marked by a file `.minbert.json` beside it, with the digest of every file.
Only what the marker lists, and what is unchanged since, is ever replaced or removed.
"""
