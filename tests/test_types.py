"""A user's script runs, and type checkers find nothing in it.

`make lint` runs pyright over `tests/typed`, too.
"""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from typed import users_script

import minbert
from minbert import Encoder, MultitaskBert, from_pretrained


def test_a_users_script_runs(capsys: pytest.CaptureFixture[str]) -> None:
    users_script.main()
    assert capsys.readouterr().out.splitlines()[:2] == [
        "cpu torch.float32 (2, 9, 128) (2, 4, 9, 9)",
        "['one sentence and another', 'a single one']",
    ]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in whose packages minbert lies as for a user: checkers ask more of such a one.

    In a clone they follow every import; of an installed package with `py.typed` they take only
    what it hands on by name.
    """
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    (packages / "others.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    package = Path(minbert.__file__).parent
    shutil.copytree(package, packages / "minbert", ignore=shutil.ignore_patterns("__pycache__"))
    return Path(sysconfig.get_path("scripts", "venv", {"base": str(home)})) / "python"


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("checker", ["pyright", "mypy"])
def test_a_type_checker_finds_nothing(checker: str, installed: Path, tmp_path: Path) -> None:
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    options = {
        "pyright": ["--pythonpath", str(installed)],
        "mypy": [
            "--strict",
            "--allow-untyped-calls",  # torch's own backward() has no types
            f"--python-executable={installed}",
            f"--cache-dir={tmp_path}",
        ],
    }
    script = tmp_path / "script.py"
    script.write_text(Path(users_script.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", checker, *options[checker], str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=450)
    assert done.returncode == 0, done.stdout + done.stderr


def test_models_say_where_they_are() -> None:
    encoder, _ = from_pretrained("tiny")
    model = MultitaskBert(encoder)
    assert encoder.device == model.device == torch.device("cpu")
    assert encoder.dtype == model.dtype == torch.float32
    model.to(torch.bfloat16)
    assert encoder.dtype == model.dtype == torch.bfloat16
    with torch.device("meta"):
        assert Encoder(encoder.config).device.type == "meta"


def test_the_tokenizer_has_the_fields_names() -> None:
    _, tokenizer = from_pretrained("tiny")
    for role in ("pad", "unk", "cls", "sep", "mask"):
        assert getattr(tokenizer, f"{role}_token_id") == getattr(tokenizer, f"{role}_id")
    texts = ["one sentence", "and a longer one"]
    ids = tokenizer(texts)["input_ids"]
    assert tokenizer.batch_decode(ids) == texts == tokenizer.batch_decode(ids.tolist())
    assert tokenizer.batch_decode([]) == []
    with pytest.raises(ValueError, match="from 0 up"):
        tokenizer.batch_decode([[5, -1]])
