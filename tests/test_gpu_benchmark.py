"""benchmarks/gpu.py is complete: at toy size, on a CPU, everything is measured and written."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import gpu  # noqa: E402

from minbert.training.recipe import PRESETS  # noqa: E402


@pytest.mark.slow
def test_a_toy_run_writes_every_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "gpu.json"
    gpu.main(["--toy", "--device", "cpu", "--runs", "1", "--out", str(out)])
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["command"].startswith("python benchmarks/gpu.py --toy --device cpu --runs 1 --out")
    assert found["device"].startswith("CPU") and found["peak_tflops"] > 0
    assert [stage["stage"] for stage in found["stages"]] == ["mlm", "mnrl"]
    for stage in found["stages"]:
        numbers = [value for value in stage.values() if isinstance(value, float)]
        assert len(numbers) == 6 and all(math.isfinite(value) and value > 0 for value in numbers)
        # The same weights, sentences and batches: the losses are near each other.
        assert stage["loss"]["ours"] == pytest.approx(stage["loss"]["transformers"], rel=0.1)
    for check in found["checks"].values():
        assert check["smallest_cosine"] > 0.999 and check["gradient_apart"] < 0.1
    assert set(found["grid"]["arms"]) == {"baseline", "heads_only", "mlm", "mnrl", "mlm+mnrl"}
    assert found["grid"]["minutes"] > 0
    assert capsys.readouterr().out.count("bar") == 5


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(SystemExit, match="torch sees no CUDA GPU"):
        gpu.main([])


def test_the_grid_keeps_the_papers_epochs_and_states_its_rates() -> None:
    paper, larger = PRESETS["paper"], gpu.larger(PRESETS["paper"], 128)
    for name in ("mlm", "mnrl", "heads", "sst_finetune"):
        before, after = getattr(paper, name), getattr(larger, name)
        assert (after.epochs, after.batch_size) == (before.epochs, 128)
        assert after.learning_rate == pytest.approx(
            before.learning_rate * (128 / before.batch_size) ** 0.5
        )
