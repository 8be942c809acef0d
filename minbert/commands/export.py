"""The commands by which a model leaves: export, push."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

import minbert
from minbert.data import load_data
from minbert.encoder import Encoder
from minbert.experiments.run_folder import write_json
from minbert.export.card import CLASSES, LIMITS, SENTENCES, ModelCard, vectors_in_words
from minbert.export.certificate import Certificate, certify
from minbert.export.classifier import checkpoint_classifier, load_classifier, save_classifier
from minbert.export.exported import load_exported, settings_of, write_settings_file
from minbert.export.graph import SentenceGraph, sentence_graph
from minbert.export.push import prepare, push
from minbert.export.runtimes import RUNTIMES, check_installed, write_graph
from minbert.folders.replaced import Kind, claimed
from minbert.inference import longest_row
from minbert.precision import resolve_precision
from minbert.pretrained import HEADS_FILE, from_pretrained, save_pretrained
from minbert.tasks import find_task
from minbert.threads import fixed_threads, granted_cores
from minbert.tokenizer import WordPieceTokenizer
from minbert.weights import Location, locate

logger = logging.getLogger(__name__)

EXPORT = Kind(
    "export",
    (
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "1_Pooling/",
        "2_Dense/",
        "model.onnx",
        "model.onnx.data",
        "openvino_model.xml",
        "openvino_model.bin",
        "sentence_vectors.json",
        "certificate.json",
    ),
)
CODE = """## Use

```python
from minbert.export import load_exported

vectors = load_exported("FOLDER").encode(["A sentence.", "Another one."])
```

The graph reads `input_ids`, `attention_mask` and `token_type_ids`, int64 (batch, sequence), from \
the tokenizer beside it, and gives `sentence_embedding`, float32 (batch, hidden).

## Certificate

"""


def run_export(arguments: argparse.Namespace) -> None:
    """`minbert export`."""
    _check_options(arguments)
    location = locate(arguments.model, arguments.revision)
    inputs = {"the model": location.weights.parent}
    with claimed(arguments.out, EXPORT, inputs) as out, out.replaced() as working:
        if arguments.to == "transformers":
            _classifier(arguments, location, working)
        elif arguments.to == "sentence-transformers":
            _sentence_encoder(arguments, location, working)
        else:
            _graph(arguments, location, working)
    logger.info("wrote %s", arguments.out)


def _check_options(arguments: argparse.Namespace) -> None:
    """Say what does not go together before anything is read."""
    if arguments.to in RUNTIMES:
        check_installed(arguments.to, arguments.int8)
    elif arguments.int8:
        raise ValueError(f"--int8 is for --to onnx, got --to {arguments.to}")
    if (arguments.task is None) == (arguments.to == "transformers"):
        raise ValueError(
            "--task and --to transformers belong together: expected the task whose trained head "
            "leaves, sst for example; an encoder alone leaves with --to sentence-transformers"
        )
    if arguments.task is not None and arguments.pooling is not None:
        raise ValueError("--pooling is for sentence vectors: a head reads the one it was made for")


def _classifier(arguments: argparse.Namespace, location: Location, working: Path) -> None:
    if location.weights.with_name(HEADS_FILE).is_file():
        classifier, tokenizer = checkpoint_classifier(location, find_task(arguments.task))
    else:
        classifier, tokenizer = load_classifier(location)
    save_classifier(working, classifier, tokenizer)
    card = ModelCard(
        f"{arguments.task}: {', '.join(classifier.labels)}",
        CLASSES,
        base_model=arguments.model,
        vectors="one linear layer over the pooler, as BertForSequenceClassification has it",
        command=arguments.command_line,
        limits=LIMITS,
    )
    card.write(working)


def _sentence_encoder(arguments: argparse.Namespace, location: Location, working: Path) -> None:
    encoder, tokenizer = from_pretrained(location)
    pooling = arguments.pooling
    if pooling is None and encoder.pooling is None:
        raise ValueError(
            f"nobody knows which sentence vector {arguments.model} was made for: expected "
            "--pooling, mean for example"
        )
    save_pretrained(working, encoder, tokenizer, pooling=pooling)
    graph = sentence_graph(encoder, pooling)
    _card(arguments, encoder, tokenizer, graph, SENTENCES).write(working)


def _graph(arguments: argparse.Namespace, location: Location, working: Path) -> None:
    encoder, tokenizer = from_pretrained(location)
    data = load_data(arguments.data)
    graph = sentence_graph(encoder, arguments.pooling)
    bare = arguments.pooling is not None
    settings = settings_of(graph, encoder, tokenizer, arguments.to, arguments.int8, bare)
    logger.info("writing the graph (%s pooling)", graph.pooling)
    write_graph(graph, working, arguments.to, arguments.int8)
    text = json.dumps(encoder.config.to_dict(), indent=1) + "\n"
    (working / "config.json").write_text(text, encoding="utf-8")
    tokenizer.save(working, settings.max_length)
    write_settings_file(working, settings)
    threads = arguments.threads or fixed_threads() or granted_cores()
    precision = resolve_precision(arguments.precision or "auto")
    exported = load_exported(working, threads, precision)
    logger.info("measuring it on this machine: %d sentences at most", arguments.count)
    certificate = certify(
        encoder, tokenizer, exported, data, threads, arguments.count, pooling=arguments.pooling
    )
    print(certificate.markdown())
    if not certificate.good and not arguments.int8:
        raise ValueError(
            f"the export is not kept: {certificate.verdict()} Its smallest cosine is that of "
            f"{certificate.runtime} in {precision}: another precision, or a bug worth a report"
        )
    if not certificate.good:
        logger.warning("%s", certificate.verdict())
    write_json(working / "certificate.json", certificate.to_dict())
    kind = (arguments.to, SENTENCES[1])
    _card(arguments, encoder, tokenizer, graph, kind, certificate).write(working)


def _card(
    arguments: argparse.Namespace,
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    graph: SentenceGraph,
    kind: tuple[str, str],
    certificate: Certificate | None = None,
) -> ModelCard:
    return ModelCard(
        f"{Path(arguments.model).name} as sentence vectors",
        kind,
        base_model=arguments.model,
        vectors=vectors_in_words(graph.pooling, graph.normalize, longest_row(encoder, tokenizer)),
        command=arguments.command_line,
        limits=LIMITS,
        versions={"minbert": minbert.__version__},
        extra=CODE + certificate.markdown() if certificate else "",
    )


def run_push(arguments: argparse.Namespace) -> None:
    """`minbert push`."""
    upload = prepare(
        arguments.folder,
        arguments.repository,
        not arguments.public,
        arguments.revision,
        arguments.license,
    )
    print(upload.described())
    if not arguments.yes:
        if not (sys.stdin and sys.stdin.isatty()):
            raise ValueError("nothing was sent: look at the list above, and say --yes")
        if input("send them? [y/N] ").strip().lower() not in ("y", "yes"):
            raise ValueError("nothing was sent: expected y")
    print(push(upload, arguments.message))
