"""Every bad input of a numerical function is refused in one sentence that helps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from numbers_cases import CASES


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, str]]:
    """All cases, tried in one child process without the import hook of these tests."""
    script = Path(__file__).with_name("numbers_cases.py")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_a_bad_input_is_named(name: str, outcomes: dict[str, dict[str, str]]) -> None:
    argument, _ = CASES[name]
    error, said = outcomes[name]["name"], outcomes[name]["said"]
    assert error == "ValueError", f"{error or 'nothing'}: {said}"
    assert argument in said, said
    assert re.search(r"\b(must|expected|unknown)\b", said) and "got " in said, said
    assert "\n" not in said and len(said) < 400, said
