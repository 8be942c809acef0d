"""All of a run: arms, grid, cache, stage files, sweeps, single tasks, results, report."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.experiments.arms import ARMS
    from minbert.experiments.cache import StageCache
    from minbert.experiments.experiment import Experiment
    from minbert.experiments.grid import Grid
    from minbert.experiments.labs import LABS
    from minbert.experiments.labs.pair_encoding import padded_apart
    from minbert.experiments.labs.table import beyond_noise
    from minbert.experiments.labs.trial import Cell, run_lab
    from minbert.experiments.markdown import cell, interval, number
    from minbert.experiments.own.evaluate import Evaluation, evaluate_own
    from minbert.experiments.own.train import OwnOutcome, train_own
    from minbert.experiments.report import TITLES, findings, story_count
    from minbert.experiments.single_task import train_single_task
    from minbert.experiments.stage_files import (
        predict_tasks,
        read_dev_predictions,
        read_history,
        read_measures,
    )
    from minbert.experiments.sweep import sweep_learning_rates

__all__, __getattr__, __dir__ = face(__name__, __file__)
