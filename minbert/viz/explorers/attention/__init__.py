"""The attention explorer: who looks at whom, and what switching a head off does."""
