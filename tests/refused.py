"""Commands that must fail: with one sentence and exit code 2."""

from __future__ import annotations

import pytest

from minbert.__main__ import main


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one sentence of a command that must fail."""
    try:
        code = main([*map(str, arguments)])
    except SystemExit as error:
        code = error.code
    said = capsys.readouterr()
    assert code == 2 and said.out == "" and "Traceback" not in said.err
    [line] = [line for line in said.err.splitlines() if line.startswith("minbert")]
    return line
