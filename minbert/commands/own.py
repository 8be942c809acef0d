"""The commands for data of one's own: train, evaluate."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from minbert.data.own_spec import load_own, parse_spec
from minbert.experiments.cache import default_folder
from minbert.experiments.own.evaluate import evaluate_own
from minbert.experiments.own.train import TRAIN, train_own
from minbert.folders.replaced import claimed

logger = logging.getLogger(__name__)


def run_train(arguments: argparse.Namespace) -> None:
    """`minbert train`: the first line says whether it helped."""
    inputs = {"the cache": Path(arguments.cache) if arguments.cache else default_folder()}
    for number, spec in enumerate(map(parse_spec, arguments.data)):
        if spec.place.exists():
            inputs[f"the data{number or ''}"] = spec.place
    if Path(arguments.encoder).is_dir():
        inputs["the encoder"] = Path(arguments.encoder)
    with claimed(arguments.out, TRAIN, inputs) as out:
        data = load_own(arguments.data, arguments.dev_share, arguments.split_seed)
        outcome = train_own(
            data,
            arguments.encoder,
            out,
            stages=arguments.stages,
            seeds=arguments.seeds,
            epochs=arguments.epochs,
            batch_size=arguments.batch_size,
            learning_rate=arguments.learning_rate,
            scale=arguments.scale,
            symmetric=not arguments.one_direction,
            chunk=arguments.chunk,
            device=arguments.device,
            precision=arguments.precision or "auto",
            cache=arguments.cache,
            command=arguments.command_line,
        )
    print(outcome.tables, end="")
    logger.info("the model is %s, everything else in %s", outcome.model, arguments.out)


def run_evaluate(arguments: argparse.Namespace) -> None:
    """`minbert evaluate`."""
    data = load_own(arguments.data, needs_train=False)
    found = evaluate_own(
        arguments.model, data, device=arguments.device, precision=arguments.precision or "auto"
    )
    print(found.tables, end="")
