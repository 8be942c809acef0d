"""What the notebooks stand on: tiers, recorded runs, predictions, checkers, and their running."""

from minbert.course.live import beside_recorded, live
from minbert.course.real_weights import real_weights
from minbert.course.recorded import recorded
from minbert.course.rounding import rounded
from minbert.course.session import Session, start

__all__ = [
    "Session",
    "beside_recorded",
    "live",
    "real_weights",
    "recorded",
    "rounded",
    "start",
]
