"""The machine matrix's changed weights: published ones by a millionth part, others not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from minbert.pretrained import from_pretrained, save_pretrained

OFFLINE = Path(__file__).with_name("offline")
READ = """
import sys
from safetensors.torch import save_file
from minbert.pretrained import from_pretrained
for name, path in zip(sys.argv[1::2], sys.argv[2::2]):
    save_file(from_pretrained(name)[0].state_dict(), path)
"""


def test_they_are_changed_in_every_process_that_is_told_to(tmp_path: Path) -> None:
    encoder, tokenizer = from_pretrained("tiny")
    own = tmp_path / "trained"
    save_pretrained(own, encoder, tokenizer)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(OFFLINE), str(OFFLINE.parents[1])]),
        "MINBERT_TEST_PERTURBATION": "1e-6:4",
    }
    names = ["tiny", str(tmp_path / "tiny.st"), str(own), str(tmp_path / "own.st")]
    subprocess.run([sys.executable, "-c", READ, *names], env=environment, check=True)
    published, trained = load_file(tmp_path / "tiny.st"), load_file(tmp_path / "own.st")
    for name, weight in encoder.state_dict().items():
        assert torch.equal(trained[name], weight)
        if weight.abs().max() > 0:
            assert not torch.equal(published[name], weight), name
            torch.testing.assert_close(published[name], weight, rtol=1e-5, atol=1e-12)
