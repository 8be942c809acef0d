"""Files for other runtimes, and functions that run them: onnxruntime and OpenVINO."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minbert import checks
from minbert.export.graph import INPUTS, OUTPUT, SentenceGraph, exported_program

RUNTIMES = ("onnx", "openvino")
"""What an export is for."""
FILES = {"onnx": "model.onnx", "openvino": "openvino_model.xml"}
"""Name of the graph's file; the weights are in it, or beside it under its name."""
LARGEST_ONE_FILE = 1 << 30
"""Bytes of weights up to which an ONNX file holds them itself; the format ends at 2 GiB."""

Run = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From ids, mask and segments, int64 (batch, seq), to vectors, float32 (batch, hidden)."""


def _needed(*names: str) -> list[Any]:
    """Optional packages, or one sentence on how to get them."""
    found = []
    for name in names:
        try:
            found.append(importlib.import_module(name))
        except ModuleNotFoundError as error:
            raise ValueError(
                f"{error.name} is not installed, which this export needs: "
                '`pip install "minbert[export]"` brings all that exports need'
            ) from error
    return found


def check_installed(runtime: str, int8: bool = False) -> None:
    """Say before the work begins what is missing.

    Raises:
        ValueError: a package is not installed, or the runtime is none of `RUNTIMES`.
    """
    checks.one_of("runtime", runtime, RUNTIMES)
    if int8 and runtime != "onnx":
        raise ValueError(f"int8 is made by onnxruntime, got {runtime}: expected onnx")
    _needed(*(("onnx", "onnxscript", "onnxruntime") if runtime == "onnx" else ("openvino",)))


def write_graph(graph: SentenceGraph, folder: Path, runtime: str, int8: bool = False) -> Path:
    """Write a graph for one of `RUNTIMES`.

    Args:
        graph: from `minbert.export.graph.sentence_graph`.
        folder: exists.
        runtime: one of `RUNTIMES`.
        int8: weights as whole numbers of 8 bits, products likewise: onnxruntime's dynamic
            quantisation. It moves the vectors: measure them.

    Returns:
        The graph's file.

    Raises:
        ValueError: as `check_installed`.
    """
    check_installed(runtime, int8)
    path = folder / FILES[runtime]
    if runtime == "openvino":
        write_openvino(graph, path)
        return path
    if not int8:
        write_onnx(graph, path)
        return path
    whole = folder / "model_fp32.onnx"
    write_onnx(graph, whole)
    try:
        _quantised(whole, path)
    finally:
        for file in folder.glob(f"{whole.name}*"):
            file.unlink()
    return path


@contextmanager
def _quiet(*loggers: str | None) -> Iterator[None]:
    """Keep a converter's notes on its own work from people who asked for a file."""
    found = [logging.getLogger(name) for name in loggers]
    before = [logger.level for logger in found]
    for logger in found:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(found, before, strict=True):
            logger.setLevel(level)


def write_onnx(graph: SentenceGraph, path: Path) -> None:
    """Write an ONNX file, float32, for any number of rows and any length."""
    _needed("onnx", "onnxscript")
    size = sum(weight.nbytes for weight in graph.parameters())
    with _quiet("torch.onnx", "onnxscript", "onnx_ir"):
        torch.onnx.export(
            exported_program(graph),
            (),
            str(path),
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            dynamo=True,
            external_data=size > LARGEST_ONE_FILE,
            verbose=False,
        )


def write_openvino(graph: SentenceGraph, path: Path) -> None:
    """Write OpenVINO's two files, weights in float32 (its own default would be float16)."""
    [openvino] = _needed("openvino")
    with _quiet():
        model = openvino.convert_model(exported_program(graph))
    for name, port in zip(INPUTS, model.inputs, strict=True):
        port.get_tensor().set_names({name})
    model.outputs[0].get_tensor().set_names({OUTPUT})
    openvino.save_model(model, str(path), compress_to_fp16=False)


def _quantised(source: Path, target: Path) -> None:
    [quantization] = _needed("onnxruntime.quantization")
    with _quiet(None):  # advice on pictures, given to the root logger
        quantization.quantize_dynamic(
            str(source), str(target), weight_type=quantization.QuantType.QInt8
        )


def runner(path: Path, threads: int, precision: str = "fp32") -> tuple[Run, str]:
    """A function that runs an exported graph on the CPU, and the runtime's name and version.

    Args:
        path: written by `write_graph`.
        threads: that it computes with.
        precision: `fp32` or `bf16`; onnxruntime has only the first.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the runtime is not installed, or cannot read the file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}: expected an exported graph")
    run = _onnx_runner if path.suffix == ".onnx" else _openvino_runner
    try:
        return run(path, threads, precision)
    except RuntimeError as error:
        raise ValueError(f"{path} cannot be read ({str(error).strip()!s:.200})") from error


def _onnx_runner(path: Path, threads: int, precision: str) -> tuple[Run, str]:
    [onnxruntime] = _needed("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # the runtime's own classes, which derive from nothing better
        raise ValueError(f"{path} cannot be read ({error!s:.200})") from error

    def run(ids: np.ndarray, mask: np.ndarray, segments: np.ndarray) -> np.ndarray:
        return session.run([OUTPUT], dict(zip(INPUTS, (ids, mask, segments), strict=True)))[0]

    return run, f"onnxruntime {onnxruntime.__version__}"


def _openvino_runner(path: Path, threads: int, precision: str) -> tuple[Run, str]:
    [openvino] = _needed("openvino")
    hints = {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    model = openvino.Core().compile_model(str(path), "CPU", hints)

    def run(ids: np.ndarray, mask: np.ndarray, segments: np.ndarray) -> np.ndarray:
        return np.array(model([ids, mask, segments])[0])  # its own memory is used again

    return run, f"OpenVINO {openvino.__version__.split('-')[0]}"
