"""Help: of every command a description and examples that the parser understands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from minbert.__main__ import main
from minbert.commands.descriptions import DESCRIPTIONS
from minbert.commands.parser import SHELLS, build_parser, commands_of

COMMANDS = dict(commands_of(build_parser()))


@pytest.mark.parametrize("arguments", [[], ["data"], ["course"]])
def test_a_group_alone_shows_what_is_in_it(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(shlex.join(["usage: minbert", *arguments]).replace("'", ""))
    prefix = " ".join(arguments)
    for name in COMMANDS:
        group, _, last = name.rpartition(" ")
        if group == prefix:
            assert re.search(rf"^    {last}\s", captured.out, re.MULTILINE), name
    assert captured.err == ""


def test_each_command_is_described() -> None:
    assert set(COMMANDS) <= set(DESCRIPTIONS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_says_what_it_does_and_how_it_is_typed(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([*name.split(), "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    description, *examples = DESCRIPTIONS[name]
    assert " ".join(description.split()[:6]) in " ".join(shown.split())
    assert description.endswith(".") and examples
    for example in examples:
        assert f"\n  {example}\n" in shown, "an example is a line that can be copied"
        words = shlex.split(re.sub(r"[<>|].*", "", example))
        assert words[0] == "minbert" and " ".join(words[1:]).startswith(name)
        parsed = build_parser().parse_args(words[1:])
        assert callable(parsed.run)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab", reason="shtab, which writes completion scripts, is optional")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("reproduce", "course", "download", "--preset"):
        assert word in script or word.removeprefix("--") in script


def test_bash_completes(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab", reason="shtab, which writes completion scripts, is optional")
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "minbert.bash"
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    asked = f"source {script}; COMP_WORDS=(minbert course sl); COMP_CWORD=2; _shtab_minbert; "
    command = ["bash", "-c", asked + 'echo "${COMPREPLY[@]}"']
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["slides"]


def test_completion_without_shtab(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("minbert.commands.completion.find_spec", lambda name: None)
    assert main(["completion", "bash"]) == 2
    assert "completion needs shtab: `pip install" in capsys.readouterr().err


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from minbert.__main__ import main; main([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "shtab", "nbformat"} & set(done.stdout.split())
