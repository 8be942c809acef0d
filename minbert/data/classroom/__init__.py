"""The classroom corpus: our own text, made from a seed, that replays the course offline.

Released into the public domain (CC0 1.0). Everything here is synthetic: made up by the grammars
and word lists beside this file, not collected.
"""
