"""A trained head as transformers' `BertForSequenceClassification`, out and in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minbert import checks
from minbert.encoder import Encoder
from minbert.evaluating import evaluating
from minbert.heads import CrossEncoderHead, SentimentHead
from minbert.model_files import read_json
from minbert.multitask import MultitaskBert
from minbert.pretrained import HEADS_FILE, from_pretrained, write_model
from minbert.tasks import Task
from minbert.tensor_files import READABLE, read_tensors
from minbert.texts import Text
from minbert.tokenizer import WordPieceTokenizer
from minbert.weights import Location, locate

ARCHITECTURE = "BertForSequenceClassification"
PROBLEMS = ("single_label_classification", "multi_label_classification", "regression")
"""What transformers' `problem_type` may be: softmax over classes, a sigmoid each, or numbers."""


class SequenceClassifier(nn.Module):
    """An encoder and one linear layer over its pooler: all that `BertForSequenceClassification` is.

    Args:
        encoder: used as it is.
        head: (outputs, hidden) and a bias.
        labels: a name for each output.
        problem: one of `PROBLEMS`; of one output, `multi_label_classification` is yes or no.

    Raises:
        ValueError: another number of labels than outputs, a label twice, an unknown problem, or a
            head of another width.
    """

    def __init__(
        self,
        encoder: Encoder,
        head: nn.Linear,
        labels: Sequence[str],
        problem: str = PROBLEMS[0],
    ) -> None:
        super().__init__()
        checks.one_of("problem", problem, PROBLEMS)
        hidden = encoder.config.hidden_size
        if head.in_features != hidden:
            raise ValueError(
                f"head reads vectors of {head.in_features} numbers, expected {hidden}: it is of "
                "another encoder, or reads two vectors"
            )
        if len(labels) != head.out_features or len(set(labels)) < len(labels):
            raise ValueError(
                f"labels must be {head.out_features} different names, one an output, got "
                f"{', '.join(labels)[:120]}"
            )
        self.encoder, self.classifier = encoder, head
        self.labels, self.problem = tuple(labels), problem

    def forward(
        self,
        input_ids: Int[Tensor, "batch seq"],
        attention_mask: Int[Tensor, "batch seq"] | None = None,
        token_type_ids: Int[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch label"]:
        """Logits of each row, a sentence or a pair in one pass."""
        return self.classifier(self.encoder(input_ids, attention_mask, token_type_ids).pooled)

    @torch.inference_mode()
    def probabilities(
        self, texts: Sequence[Text], tokenizer: WordPieceTokenizer
    ) -> Float[Tensor, "text label"]:
        """Of each label, as transformers' pipeline gives them: softmax over classes, or sigmoids.

        Scores of a `regression` are given as they are.

        Args:
            texts: sentences, or pairs of them.
            tokenizer: the encoder's own.
        """
        device = self.classifier.weight.device
        with evaluating(self):
            logits = self(**{k: v.to(device) for k, v in tokenizer(texts).items()}).cpu()
        if self.problem == "regression":
            return logits
        return logits.softmax(-1) if self.problem == PROBLEMS[0] else logits.sigmoid()

    @classmethod
    def of(cls, model: MultitaskBert, task: Task) -> SequenceClassifier:
        """The head that a multitask model has for a task, if transformers has a class for it.

        Labels are the numbers of the task's files; of yes or no there is one, the column's name.

        Raises:
            ValueError: the model reads another vector than the pooler's, or the head reads two
                vectors, has no weights, or is none.
        """
        head = model.head(task)
        _check_expressible(task, model.pooling, head)
        return cls(model.encoder, head.dense, *_meaning(task))


def _meaning(task: Task) -> tuple[tuple[str, ...], str]:
    """Names of a task's outputs, and what they are."""
    if task.head == "classifier":
        lowest = int(task.label.lowest)
        return tuple(str(lowest + number) for number in range(task.classes)), PROBLEMS[0]
    return (task.label.column,), PROBLEMS[1]


def _check_expressible(task: Task, pooling: str, head: nn.Module | None) -> None:
    """Say in one sentence why transformers has no class for a head."""
    why = None
    if head is None:
        why = f"the answer to {task.name} is read off the vectors, it has no head"
    elif pooling != "pooler":
        why = f"the head of {task.name} reads the vector {pooling!r}"
    elif not isinstance(head, SentimentHead | CrossEncoderHead) or getattr(head, "vectors", False):
        why = f"the head of {task.name} reads the vectors of two passes"
    if why is not None:
        raise ValueError(
            f"{why}, expected one linear layer over the pooler of one pass: transformers has no "
            f"class for it ({ARCHITECTURE} is that and nothing else), keep it in minbert or send "
            "the encoder alone to sentence-transformers"
        )


def checkpoint_classifier(
    name: str | Path | Location, task: Task
) -> tuple[SequenceClassifier, WordPieceTokenizer]:
    """The classifier of a checkpoint that `minbert reproduce` or `minbert lab` wrote.

    Args:
        name: the folder, which has `heads.safetensors` beside the encoder.
        task: whose head is wanted.

    Raises:
        FileNotFoundError: there are no heads.
        ValueError: as `SequenceClassifier.of`; or the heads have none for the task.
    """
    location = name if isinstance(name, Location) else locate(name)
    path = location.weights.with_name(HEADS_FILE)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no {path}: expected a checkpoint with trained heads, such as the "
            "checkpoints/ of minbert reproduce"
        )
    encoder, tokenizer = from_pretrained(location)
    heads = read_tensors(path)
    own = {name.partition(".")[2]: heads[name] for name in heads if _subject(name) == task.subject}
    pooling = encoder.pooling or "pooler"
    if not own:
        _check_expressible(task, pooling, None)
    weight = own.get("dense.weight")
    hidden = encoder.config.hidden_size
    if weight is None or weight.shape[1] != hidden:
        _check_expressible(task, pooling, nn.Identity())  # reads two vectors, or their cosine
    _check_expressible(task, pooling, CrossEncoderHead(hidden))
    return SequenceClassifier(
        encoder, _linear(own["dense.weight"], own["dense.bias"], str(path)), *_meaning(task)
    ).eval(), tokenizer


def _subject(name: str) -> str:
    return name.partition(".")[0]


def save_classifier(
    folder: str | Path, classifier: SequenceClassifier, tokenizer: WordPieceTokenizer
) -> None:
    """Write a folder that transformers' `pipeline("text-classification", folder)` runs.

    Args:
        folder: made if need be; files of these names are replaced.
        classifier: written as it is.
        tokenizer: the encoder's own.
    """
    labels = {str(number): label for number, label in enumerate(classifier.labels)}
    weights = {f"bert.{name}": value for name, value in classifier.encoder.state_dict().items()}
    head = classifier.classifier.state_dict()
    weights |= {f"classifier.{name}": value for name, value in head.items()}
    config = {
        **classifier.encoder.config.to_dict(),
        "architectures": [ARCHITECTURE],
        "id2label": labels,
        "label2id": {label: int(number) for number, label in labels.items()},
        "problem_type": classifier.problem,
    }
    write_model(folder, config, weights, tokenizer)


def load_classifier(
    name: str | Path | Location, revision: str | None = None
) -> tuple[SequenceClassifier, WordPieceTokenizer]:
    """Read a `BertForSequenceClassification`, whoever trained it, in eval mode.

    Args:
        name: a folder or hub id, as for `from_pretrained`.
        revision: of a hub id.

    Raises:
        FileNotFoundError, OSError: as `from_pretrained`.
        ValueError: the checkpoint is of another class, or has no such head.
    """
    location = name if isinstance(name, Location) else locate(name, revision)
    config = read_json(location.config)
    found = config.get("architectures") or []
    if ARCHITECTURE not in found:
        said = ", ".join(map(str, found)) or "none"
        raise ValueError(
            f"{location.config}: architectures are {said:.120}, expected {ARCHITECTURE}: the head "
            "is none for whole sentences"
        )
    encoder, tokenizer = from_pretrained(location)
    tensors = read_tensors(location.weights)
    parts = [tensors.get(f"classifier.{part}") for part in ("weight", "bias")]
    if any(part is None for part in parts):
        raise ValueError(f"{location.weights} has no classifier.weight and classifier.bias")
    head = _linear(*parts, str(location.weights))
    labels = _labels(config.get("id2label"), head.out_features, location.config)
    problem = config.get("problem_type")
    if problem is None:  # transformers takes softmax of several outputs, and a sigmoid of one
        problem = PROBLEMS[0] if head.out_features > 1 else PROBLEMS[1]
    return SequenceClassifier(encoder, head, labels, problem).eval(), tokenizer


def _labels(named: Mapping[str, str] | None, count: int, path: Path) -> tuple[str, ...]:
    """Names of outputs from `id2label`; transformers calls them LABEL_0, … where it is left out."""
    if named is None:
        return tuple(f"LABEL_{number}" for number in range(count))
    if not isinstance(named, dict) or sorted(named) != sorted(map(str, range(count))):
        raise ValueError(f"{path}: id2label is {named!r:.80}, expected a name for 0 to {count - 1}")
    return tuple(str(named[str(number)]) for number in range(count))


def _linear(weight: Tensor, bias: Tensor, what: str) -> nn.Linear:
    """A layer with these numbers, in float32."""
    if weight.ndim != 2 or bias.shape != weight.shape[:1]:
        raise ValueError(
            f"{what}: the classifier is {tuple(weight.shape)} and {tuple(bias.shape)}, expected "
            "(outputs, hidden) and (outputs)"
        )
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor.dtype not in READABLE or not torch.isfinite(tensor.float()).all():
            raise ValueError(f"{what}: the classifier's {name} holds no finite float numbers")
    head = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        head.weight.copy_(weight)
        head.bias.copy_(bias)
    return head
