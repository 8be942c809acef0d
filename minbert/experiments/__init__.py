"""All of a run: arms, grid, cache, stage files, sweeps, single tasks, results, report."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.experiments.arms import ARMS as ARMS
    from minbert.experiments.cache import StageCache as StageCache
    from minbert.experiments.experiment import Experiment as Experiment
    from minbert.experiments.grid import Grid as Grid
    from minbert.experiments.labs import LABS as LABS
    from minbert.experiments.labs.pair_encoding import padded_apart as padded_apart
    from minbert.experiments.labs.table import beyond_noise as beyond_noise
    from minbert.experiments.labs.trial import Cell as Cell, run_lab as run_lab
    from minbert.experiments.markdown import cell as cell, interval as interval, number as number
    from minbert.experiments.own.evaluate import (
        Evaluation as Evaluation,
        evaluate_own as evaluate_own,
    )
    from minbert.experiments.own.train import OwnOutcome as OwnOutcome, train_own as train_own
    from minbert.experiments.report import (
        TITLES as TITLES,
        findings as findings,
        story_count as story_count,
    )
    from minbert.experiments.single_task import train_single_task as train_single_task
    from minbert.experiments.stage_files import (
        predict_tasks as predict_tasks,
        read_dev_predictions as read_dev_predictions,
        read_history as read_history,
        read_measures as read_measures,
    )
    from minbert.experiments.sweep import sweep_learning_rates as sweep_learning_rates

__all__, __getattr__, __dir__ = face(__name__, __file__)
