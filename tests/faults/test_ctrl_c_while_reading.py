"""Ctrl-C while tensors are read: the command is interrupted, and no whole file called damaged."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import safetensors
import torch

from minbert import from_pretrained
from minbert.experiments.stage_files import load_heads, save_heads
from minbert.multitask import MultitaskBert
from minbert.pretrained import save_pretrained
from minbert.stopping import deferred
from minbert.training import seal
from minbert.training.loop import History, Position, resume, save_checkpoint


class Interrupted:
    """A reader that Ctrl-C hits, and that makes an error of its own of it, as they do."""

    def __init__(self, path: Path, framework: str) -> None:
        self.file = safetensors.safe_open(path, framework=framework)

    def __enter__(self) -> Interrupted:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __getattr__(self, name: str):
        return getattr(self.file, name)

    def get_tensor(self, name: str) -> torch.Tensor:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise TypeError("could not determine the shape of object type 'Storage'") from None
        return self.file.get_tensor(name)


@pytest.fixture
def model(tmp_path: Path) -> MultitaskBert:
    encoder, tokenizer = from_pretrained("tiny")
    save_pretrained(tmp_path, encoder, tokenizer)
    model = MultitaskBert(encoder, generator=torch.Generator().manual_seed(0))
    save_heads(tmp_path, model)
    return model


def test_weights(model: MultitaskBert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minbert.tensor_files.safe_open", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        from_pretrained(tmp_path)


def test_heads(model: MultitaskBert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: Path) -> dict[str, torch.Tensor]:
        with Interrupted(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    monkeypatch.setattr("minbert.experiments.stage_files.load_file", load)
    with pytest.raises(KeyboardInterrupt):
        load_heads(tmp_path, model)


def test_the_seal(model: MultitaskBert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "safe_open", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        seal._refuse_non_finite(tmp_path / "model.safetensors")


def test_a_checkpoint_is_not_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would have been called damaged, and the stage would have begun anew."""
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, layer, optimizer, History(), Position(), {"stage": "x"})
    load = torch.load

    def interrupted(*arguments: object, **options: object) -> object:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("storage has wrong byte size") from None
        return load(*arguments, **options)

    monkeypatch.setattr(torch, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        resume(path, layer, optimizer, History(), {"stage": "x"})
    assert list(tmp_path.iterdir()) == [path]


def test_what_waited_does_what_it_would_have() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with deferred():
            signal.raise_signal(signal.SIGTERM)
            assert heard == []
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
