"""`minbert course` where something stops it: a sentence, an exit code, and what ran is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from minbert.__main__ import main
from minbert.course import notebooks, runner
from minbert.course.files import write_notebook
from minbert.course.notebooks import read

TIME = "About 5 minutes of study (estimated from its length); runs in two minutes or less."
LAUNCH = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from minbert.course import notebooks
notebooks.notebooks_folder = lambda: Path("notebooks")
from minbert.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
WAITS = """
from pathlib import Path
import time
first = not Path("begun").exists()
Path("begun").touch()
time.sleep(100 if first else 0)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with room for made-up notebooks and an empty cache."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "README.md").write_text("<!-- notebooks -->\n<!-- /notebooks -->\n")
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def make(place: Path, **sources: str) -> None:
    """Notebooks `00_NAME` and so on, of two cells each: the given code, and one after it."""
    for number, (name, source) in enumerate(sources.items()):
        cells = [
            v4.new_markdown_cell(f"# {name.title()}\n\n{TIME}"),
            v4.new_code_cell(source),
            v4.new_code_cell("print('fresh')", outputs=[v4.new_output("stream", text="stored")]),
        ]
        write_notebook(
            place / "notebooks" / f"{number:02d}_{name}.ipynb", v4.new_notebook(cells=cells)
        )


def begin(place: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, "course", *arguments],
        cwd=place,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def run(place: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    process = begin(place, *arguments, **environment)
    out, err = process.communicate(timeout=200)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def interrupt(place: Path, number: signal.Signals, *arguments: str) -> tuple[int, str, str]:
    """Send a signal to all that a terminal reaches, while a cell of the second notebook runs."""
    process = begin(place, *arguments)
    while not (place / "notebooks" / "begun").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    kernels = psutil.Process(process.pid).children(recursive=True)
    assert any("ipykernel_launcher" in " ".join(kernel.cmdline()) for kernel in kernels)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=120)
    assert not [kernel for kernel in kernels if kernel.is_running()]
    assert "Traceback" not in err, err
    return process.returncode, out, err


def index(place: Path) -> BeautifulSoup:
    page = BeautifulSoup((place / "out" / "index.html").read_text("utf-8"), "html.parser")
    for link in page.select("a"):
        assert (place / "out" / link["href"]).is_file(), link
    return page


def states(place: Path) -> list[str]:
    return [row.select("td")[2].text for row in index(place).select("tbody")[0].select("tr")]


def partial_files(place: Path) -> list[Path]:
    return [path for path in place.rglob(".*") if path.name.endswith(("-part", "-lock"))]


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_ctrl_c_keeps_what_ran_and_the_same_command_goes_on(
    place: Path, number: signal.Signals
) -> None:
    make(place, first="1", waits=WAITS, last="1")
    code, out, err = interrupt(place, number, "run", "--out", "out", "--jobs", "1")
    assert code == 130
    [said] = [line for line in err.splitlines() if line.startswith("interrupted")]
    assert err.splitlines()[-1] == said and len(err.splitlines()) == 3  # tier, first, this
    assert "1 of 3 notebooks ran" in said and "the same command goes on" in said
    assert "finished training from the cache" in said
    assert states(place) == ["ok", "not run", "not run"]
    assert "not run: 01_waits, 02_last" in index(place).text
    assert sorted(path.name for path in (place / "out").iterdir()) == [
        ".minbert.json",
        "00_first.html",
        "00_first.ipynb",
        "index.html",
        "times.json",
    ]
    first = BeautifulSoup((place / "out" / "00_first.html").read_text("utf-8"), "html.parser")
    assert [link["href"] for link in first.select("nav a")] == ["index.html"] * 2

    code, out, err = run(place, "run", "--out", "out")
    assert code == 0 and states(place) == ["ok"] * 3
    assert "interrupted" not in index(place).text and not partial_files(place)


MEETS = """
from pathlib import Path
import time
Path("{own}").touch()
end = time.monotonic() + 60
while not Path("{other}").exists():
    assert time.monotonic() < end, "nobody came"
    time.sleep(0.05)
"""


def test_two_run_at_once_and_stand_in_the_order_of_the_course(place: Path) -> None:
    """Each waits for the other; the last ends long before them, and comes last."""
    slow, quick = MEETS + "time.sleep(3)", "1"
    one, two = slow.format(own="a", other="b"), slow.format(own="b", other="a")
    make(place, one=one, two=two, three=quick)
    code, _, err = run(place, "run", "--out", "out", "--jobs", "3")
    assert code == 0 and states(place) == ["ok"] * 3
    assert "3 notebooks at once" in err
    ended = [line.split()[0] for line in err.splitlines() if line.endswith("ok")]
    assert (
        ended
        == ["00_one", "01_two", "02_three"]
        == list(json.loads((place / "out" / "times.json").read_text()))
    )


def test_ctrl_c_ends_all_that_run_at_once(place: Path) -> None:
    make(place, sleeps="import time; time.sleep(100)", waits=WAITS, last="1")
    code, _, err = interrupt(place, signal.SIGINT, "run", "--out", "out", "--jobs", "2")
    assert code == 130 and "0 of 3 notebooks ran" in err.splitlines()[-1]
    assert states(place) == ["not run"] * 3 and not partial_files(place)


@pytest.mark.parametrize(
    ("cores", "free", "jobs"),
    [(1, 8e9, 1), (2, 8e9, 2), (16, 8e9, 2), (2, 1.9e9, 1), (2, 2.1e9, 2), (2, 1e8, 1),
     (2, None, 2)],
)  # fmt: skip
def test_as_many_at_once_as_cores_and_memory_allow(
    cores: int, free: float | None, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "granted_cores", lambda: cores)
    monkeypatch.setattr(runner, "free_bytes", lambda: None if free is None else int(free))
    assert runner.default_jobs() == jobs


@pytest.mark.parametrize(
    "moment", ["a cell runs", pytest.param("the second notebook begins", marks=pytest.mark.slow)]
)
def test_killed_the_same_command_goes_on(place: Path, moment: str) -> None:
    """Without a word, and with all that it started: as the system does when memory runs out."""
    make(place, first="1", waits=WAITS, last="1")
    process = begin(place, "run", "--out", "out", "--jobs", "1")
    awaited = {
        "a cell runs": place / "notebooks" / "begun",
        "the second notebook begins": place / "out" / "00_first.ipynb",
    }[moment]
    while not awaited.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    started = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    _, alive = psutil.wait_procs(started, timeout=60)
    assert process.returncode == -signal.SIGKILL and not alive
    (place / "notebooks" / "begun").touch()
    code, _, _ = run(place, "run", "--out", "out")
    assert code == 0 and states(place) == ["ok"] * 3 and not partial_files(place)


def test_ctrl_c_leaves_whole_notebooks_where_outputs_are_stored(place: Path) -> None:
    make(place, first="1", waits=WAITS, last="1")
    paths = sorted((place / "notebooks").glob("*.ipynb"))
    before = [path.read_bytes() for path in paths]
    code, _, err = interrupt(place, signal.SIGINT, "outputs")
    assert code == 130 and "1 of 3 notebooks have new outputs" in err.splitlines()[-1]
    after = [path.read_bytes() for path in paths]
    assert after[0] != before[0] and after[1:] == before[1:]
    assert read(paths[0]).cells[2].outputs[0].text == "fresh\n"
    assert not partial_files(place) and "[First](notebooks/" in (place / "README.md").read_text()


def test_ctrl_c_while_modules_load() -> None:
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Terminal:\n"
        "    def find_spec(name, *others):\n"
        "        if name == 'torch.nn':\n"
        "            os.kill(os.getpid(), getattr(signal, sys.argv[1]))\n"
        "sys.meta_path.insert(0, Terminal)\n"
        "from minbert.__main__ import main\n"
        "sys.exit(main(['reproduce', '--out', 'nowhere']))\n"
    )
    for name in ("SIGINT", "SIGTERM"):
        child = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True)
        assert (child.returncode, child.stdout) == (130, "")
        assert child.stderr == "interrupted: nothing had begun\n"


def test_a_kernel_that_dies_stops_one_notebook(place: Path) -> None:
    make(place, dies="import os\nos.kill(os.getpid(), 9)", raises="1 / 0", fine="1")
    code, out, err = run(place, "run", "--out", "out")
    assert code == 2
    [said] = [line for line in err.splitlines() if "00_dies" in line]
    assert "its kernel was killed, most likely because memory ran out" in said
    assert "stopped before the end: 00_dies, 01_raises" in out
    first, second, third = states(place)
    assert "memory ran out" in first and "ZeroDivisionError" in second and third == "ok"
    assert "pages lack outputs: 00_dies, 01_raises" in index(place).text
    assert list(json.loads((place / "out" / "times.json").read_text())) == [
        "00_dies",
        "01_raises",
        "02_fine",
    ]
    outputs = [
        read(place / "out" / f"{name}.ipynb").cells[2].outputs
        for name in ("00_dies", "01_raises", "02_fine")
    ]
    assert outputs[:2] == [[], []], "a stored output beside a cell that did not run"
    assert outputs[2][0].text == "fresh\n"


def test_an_error_in_a_cell_is_exit_1(place: Path) -> None:
    make(place, raises="1 / 0", fine="1")
    assert run(place, "run", "--out", "out")[0] == 1
    assert run(place, "outputs")[0] == 1


def test_a_users_own_kernel_named_python3_does_not_matter(place: Path) -> None:
    make(place, fine="import sys; print(sys.executable)")
    kernel = place / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": ["nowhere/python", "-f", "{connection_file}"], "language": "python",
                    "display_name": "Python 3"})
    )  # fmt: skip
    jupyter = str(place / "jupyter")
    code, _, _ = run(place, "run", "--out", "out", JUPYTER_PATH=jupyter, JUPYTER_DATA_DIR=jupyter)
    assert code == 0
    assert read(place / "out" / "00_fine.ipynb").cells[1].outputs[0].text.strip() == sys.executable


def test_a_broken_ipykernel_is_said(place: Path) -> None:
    make(place, one="1", two="1")
    (place / "ipykernel_launcher.py").write_text("import a_module_that_is_gone\n")
    python_path = os.pathsep.join([str(place), os.environ["PYTHONPATH"]])
    code, _, err = run(place, "run", "--out", "out", "--jobs", "1", PYTHONPATH=python_path)
    assert code == 2 and len(err.splitlines()) == 3
    assert "its kernel did not start (ModuleNotFoundError: No module named" in err
    assert "install --force-reinstall ipykernel" in err
    assert all("did not start" in state for state in states(place))


@pytest.mark.parametrize("command", [["run", "--out", "out"], ["outputs"]])
def test_a_missing_ipykernel_is_said_first(
    place: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    assert main(["course", *command]) == 2
    said = capsys.readouterr().err
    assert "-m pip install ipykernel" in said and "make course" in said
    assert not (place / "out").exists()


CLAIMS = """
from minbert import course
lab = course.start("00_claims")
lab.claim("water is wet", True)
lab.claim("1 < 2 & the moon is cheese", False)
"""


def test_a_finding_that_is_not_found_is_listed_and_no_error(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(place, claims=CLAIMS, none="1")
    monkeypatch.setattr(notebooks, "notebooks_folder", lambda: place / "notebooks")
    assert main(["course", "run", "--out", str(place / "out")]) == 0
    listed = "not found on this machine: 1 of 2 findings\n  00_claims: 1 < 2 & the moon is cheese\n"
    assert listed in capsys.readouterr().out
    page = index(place)
    assert [title.text for title in page.select("h2")] == ["Findings", "Results"]
    assert "Not found on this machine: 1 of 2 findings." in page.text
    assert [item.text for item in page.select("li")] == ["1 < 2 & the moon is cheese"]
    assert states(place) == ["ok", "ok"]
    assert main(["course", "outputs", "00"]) == 0
    assert listed in capsys.readouterr().out
