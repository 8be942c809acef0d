"""The pair of sentences that is followed through the whole course."""

from __future__ import annotations

PAIR = ("How do I train a guinea pig?", "Can a cavy learn tricks?")
"""They ask the same and share one word only: counting words sees nothing, a model may."""

OTHER = "Where can I sell my espresso maker?"
"""Asks something else: the control."""
