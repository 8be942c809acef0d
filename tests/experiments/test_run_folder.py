"""What a script may put its result in place of."""

from __future__ import annotations

from pathlib import Path

import pytest

from minbert.experiments.run_folder import check_replaceable, write_json


def test_nothing_there_or_an_earlier_result_may_be_replaced(tmp_path: Path) -> None:
    check_replaceable(tmp_path / "none.json", ("seeds", "command"))
    write_json(tmp_path / "earlier.json", {"seeds": [0], "command": "python x.py", "words": {}})
    check_replaceable(tmp_path / "earlier.json", ("seeds", "command"))


@pytest.mark.parametrize(
    "content", ["", "my thesis", "[]", '{"seeds": [0]}', "null", '{"seeds": 1, "comman', "\x00\xff"]
)
def test_anything_else_is_somebodys_own(content: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match="no earlier result.*expected JSON with seeds, command"):
        check_replaceable(path, ("seeds", "command"))
    assert path.read_bytes() == content.encode("latin-1")


def test_a_folder_and_a_link_to_nowhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for path in (tmp_path, tmp_path / "link"):
        with pytest.raises(ValueError, match="no earlier result"):
            check_replaceable(path, ("seeds",))
