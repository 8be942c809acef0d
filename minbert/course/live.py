"""A stage trained in this notebook, held against its recorded band."""

from __future__ import annotations

import logging

from minbert.course.claims import Claim, keep
from minbert.course.scoreboard import live_key
from minbert.course.session import Session
from minbert.evaluation.metrics import score
from minbert.experiments.markdown import interval, number
from minbert.experiments.report import TITLES
from minbert.experiments.reproduce import stage_alarms
from minbert.experiments.stage_files import read_dev_predictions
from minbert.viz.table import Table

logger = logging.getLogger(__name__)

ARITHMETIC = 0.002
"""Added to a band on both sides: where nothing is drawn at random all seeds agree exactly, and
only the processor's rounding makes a difference."""


def live(session: Session, arm: str, stage: str, seed: int = 0) -> dict[str, float]:
    """Dev metrics of an arm's stage, trained now unless the cache has it; kept in the journal.

    What should be looked at before one believes them (`minbert.evaluation.alarms`) is said.

    Args:
        arm: of `minbert.experiments.arms.ARMS`.
        stage: `untrained` (baseline), `heads` or `sst_finetune`.
    """
    folder = session.grid.folder(arm, stage, seed)
    predictions = read_dev_predictions(folder)
    for alarm in stage_alarms(session.grid, arm, stage, seed, folder, predictions, set()):
        logger.warning("%s", alarm.sentence)
    tasks = session.grid.rows.tasks
    values = {
        task.measure: score(task, predictions[task.name], tasks[task.name]["dev"].labels.numpy())
        for task in session.data.joint
    }
    for metric, value in values.items():
        session.journal.write(live_key(arm, stage, metric), outcome=number(value))
    return values


def beside_recorded(session: Session, arm: str, stage: str, seed: int = 0) -> Table:
    """Live metrics beside the recorded ones and the band in which one more seed is expected.

    On the lab a value outside its band is a claim that is not found (`Session.claim`); elsewhere
    live runs see less data than the recorded ones, and the table just shows both.
    """
    rows = []
    for metric, value in live(session, arm, stage, seed).items():
        recorded = session.recorded.value(arm, stage, metric)
        several = len(recorded["per_seed"]) > 1
        band = session.recorded.band(arm, stage, metric) if several else None
        if band is not None:
            band = (band[0] - ARITHMETIC, band[1] + ARITHMETIC)
        inside = "" if band is None else "yes" if band[0] <= value <= band[1] else "NO"
        if session.is_lab:
            keep(
                Claim(
                    session.notebook,
                    f"{arm}, {stage}: {metric} lies in its recorded band",
                    inside == "yes",
                )
            )
        shown = interval(band) if band else "one seed: none"
        rows.append([TITLES[metric], number(value), number(recorded["value"]), shown, inside])
    return Table(
        ["dev", "live", "recorded mean", "99 % band of one more seed", "inside"],
        rows,
        caption=f"{arm}, {stage}; recorded by: {session.recorded.command}",
    )
