"""What the notebooks stand on: tiers, recorded runs, questions, checkers, and their running."""

from minbert.clone import how_to_install
from minbert.course.build_track.pieces import PIECES, table as build_table
from minbert.course.example import OTHER, PAIR
from minbert.course.excerpt import excerpt
from minbert.course.installation import packages
from minbert.course.live import ARITHMETIC, beside_recorded, live
from minbert.course.questions import beside_outcomes
from minbert.course.real_weights import real_weights
from minbert.course.recorded import prediction_interval, recorded
from minbert.course.result_tables import against_control, ladder_rows
from minbert.course.rounding import rounded
from minbert.course.scoreboard import scoreboard
from minbert.course.session import Session, start
from minbert.course.sweeps import best, measured, rate_name, spread, training_curve
from minbert.course.tiers import LAB_SEED, TIERS, choose_tier
from minbert.course.world import world_rows

__all__ = [
    "ARITHMETIC",
    "LAB_SEED",
    "OTHER",
    "PAIR",
    "PIECES",
    "TIERS",
    "Session",
    "against_control",
    "beside_outcomes",
    "beside_recorded",
    "best",
    "build_table",
    "choose_tier",
    "excerpt",
    "how_to_install",
    "ladder_rows",
    "live",
    "measured",
    "packages",
    "prediction_interval",
    "rate_name",
    "real_weights",
    "recorded",
    "rounded",
    "scoreboard",
    "spread",
    "start",
    "training_curve",
    "world_rows",
]
