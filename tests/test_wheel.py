"""What is installed is what git knows: archive, wheel, and the course outside any clone."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("setuptools", reason="setuptools, which builds the wheel, is not installed")
ROOT = Path(__file__).parents[1]
needs_git = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="no clone: git says what there must be"
)


def build_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_of_minbert", ROOT / "setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


setup = build_script()


def fake(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")
    return root


@needs_git
def test_the_archive_has_each_file_that_git_knows(tmp_path: Path) -> None:
    command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    sources = (tmp_path / "minbert.egg-info" / "SOURCES.txt").read_text(encoding="utf-8")
    tracked = {name for name in setup.tracked(ROOT) if (ROOT / name).is_file()}
    assert len(tracked) > 700 and tracked - set(sources.splitlines()) == set()


@needs_git
def test_the_wheel_has_package_notebooks_figures_results_and_pages() -> None:
    tracked = setup.tracked(ROOT)
    places = setup.in_wheel(tracked)
    assert {name for name in tracked if name.startswith("minbert/")} <= set(places.values())
    course = [name for name in tracked if name.startswith(("notebooks/", "docs/"))]
    results = [name for name in tracked if name.startswith("figures/results/")]
    pictures = [name for name in tracked if name.startswith("figures/") and name.count("/") == 1]
    assert len(course) > 30 and len(results) > 60
    for name in {*course, *results, *pictures} - {"figures/build.py"}:
        assert places[name] == f"minbert/assets/course/{name}"


def test_a_build_that_lacks_a_file_stops(tmp_path: Path) -> None:
    names = ["minbert/a.py", "notebooks/00.ipynb", "figures/results/run/results.json", "docs/a.md"]
    root = fake(tmp_path, *names)
    assert setup.found(root) == sorted(names) == setup.expected(root)
    lines = [f"{setup.digest(root / name)}  {name}\n" for name in names]
    (root / setup.LIST).write_text("".join(lines), encoding="utf-8")
    assert setup.expected(root) == sorted(names)
    (root / names[2]).write_text("another", encoding="utf-8")
    with pytest.raises(SystemExit, match="not as FILES.sha256 has them: figures/results/run/res"):
        setup.expected(root)
    (root / names[2]).unlink()
    with pytest.raises(SystemExit, match="files are missing.*figures/results/run/results.json"):
        setup.expected(root)


def test_what_comes_and_goes_is_no_part_of_it(tmp_path: Path) -> None:
    root = fake(tmp_path, "minbert/a.py", "minbert/__pycache__/a.pyc",
                "notebooks/.ipynb_checkpoints/00.ipynb", "figures/scripts/draw.py")  # fmt: skip
    assert setup.found(root) == ["figures/scripts/draw.py", "minbert/a.py"]
    assert setup.in_wheel(setup.found(root)) == {"minbert/a.py": "minbert/a.py"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel made from the archive, unpacked into a folder of its own."""
    import setuptools

    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip("the build needs setuptools 77 or newer in this environment")
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    for name in setup.tracked(ROOT):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(ROOT / name, source / name) if same_disk(place) else copy(name, source)
    git = ["git", "-C", str(source)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A", "-f"], check=True)
    run([sys.executable, "setup.py", "-q", "sdist", "-d", str(place)], source)
    [archive] = place.glob("*.tar.gz")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    offline = ["--no-build-isolation", "--no-deps", "--no-index", "-q"]
    run([*pip, "wheel", *offline, "-w", str(place), str(archive)], place)
    [wheel] = place.glob("*.whl")
    run([*pip, "install", *offline, "--target", str(place / "lib"), str(wheel)], place)
    with zipfile.ZipFile(wheel) as content:
        (place / "names.txt").write_text("\n".join(content.namelist()), encoding="utf-8")
    return place


def same_disk(place: Path) -> bool:
    return place.stat().st_dev == ROOT.stat().st_dev


def copy(name: str, to: Path) -> None:
    (to / name).write_bytes((ROOT / name).read_bytes())


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Outside the clone: no path leads there."""
    variables = {**os.environ, "PYTHONPATH": "", **environment}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def minbert(place: Path, *arguments: str) -> str:
    """A command of the installed copy."""
    command = [sys.executable, "-m", "minbert", *arguments]
    return run(command, place, PYTHONPATH=str(place / "lib"), TQDM_DISABLE="1").stdout


@needs_git
@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_the_wheel_from_the_archive_is_complete(installed: Path) -> None:
    names = set((installed / "names.txt").read_text(encoding="utf-8").splitlines())
    wanted = setup.in_wheel(name for name in setup.tracked(ROOT) if (ROOT / name).is_file())
    assert set(wanted.values()) <= names
    others = {name for name in names - set(wanted.values()) if ".dist-info/" not in name}
    assert others == set()


@needs_git
@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_the_course_opens_and_runs_outside_a_clone(installed: Path) -> None:
    where = "import minbert, minbert.clone as c; print(minbert.__file__, c.clone())"
    said = run([sys.executable, "-c", where], installed, PYTHONPATH=str(installed / "lib")).stdout
    assert said.split() == [str(installed / "lib" / "minbert" / "__init__.py"), "None"]
    said = minbert(installed, "course", "open", "--to", "mine")
    first = installed / "mine" / "notebooks" / "00_start_here.ipynb"
    assert f"-m jupyterlab {first}" in said and "pip install -e" not in said
    assert first.read_bytes() == (ROOT / "notebooks" / first.name).read_bytes()
    assert (installed / "mine" / "figures" / "course_map.svg").is_file()
    said = minbert(installed, "course", "run", "01b", "--out", "pages")
    assert "1 notebooks in" in said
    assert (installed / "pages" / "01b_error_bars.html").is_file()
    for command in (["quiz", "--to", "q.json"], ["slides", "--to", "s"], ["student", "--to", "st"]):
        minbert(installed, "course", *command)
    left = {path.name for path in (installed / "lib" / "minbert" / "assets").rglob("*.ipynb")}
    assert left == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}


@needs_git
@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_what_only_a_clone_can_do_is_said_in_one_sentence(installed: Path) -> None:
    command = [sys.executable, "-m", "minbert", "course", "outputs"]
    variables = {**os.environ, "PYTHONPATH": str(installed / "lib")}
    done = subprocess.run(command, cwd=installed, env=variables, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "this is an installed copy" in done.stderr and "minbert course run" in done.stderr
