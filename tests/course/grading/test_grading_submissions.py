"""Whose file is whose: folders and zips, as course systems and people make them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from minbert.course.grading import files
from minbert.course.grading.submissions import submissions


def lay(folder: Path, content: dict[str, str | bytes]) -> Path:
    """Files by name; a name that ends in `/` is an empty folder."""
    for name, text in content.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def zipped(content: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return held.getvalue()


MOODLE = "Ada Lovelace_1815_assignsubmission_file"
LAYOUTS: dict[str, tuple[dict[str, str | bytes], dict[str, str]]] = {
    "a folder a student": (
        {"ada/my_minbert.py": "1", "bob/work/my_minbert.py": "2", "bob/notes.txt": "x"},
        {"ada": "1", "bob": "2"},
    ),
    "a file a student": (
        {"ada.py": "1", "bob_my_minbert.py": "2", "grades.csv": "x", ".DS_Store": "x"},
        {"ada": "1", "bob": "2"},
    ),
    "as Moodle names folders": (
        {f"{MOODLE}/my_minbert.py": "1", "Bo Ek_2_onlinetext_/x.html": "x", "Cy_3/m.py": "3"},
        {MOODLE: "1", "Bo Ek_2_onlinetext_": "handed in no my_minbert.py: x.html", "Cy_3": "3"},
    ),
    "as Canvas names files": (
        {"lovelaceada_11_22_my_minbert.py": "1", "ekbo_LATE_33_44_my_minbert-2.py": "2"},
        {"lovelaceada_11_22": "1", "ekbo_LATE_33_44": "2"},
    ),
    "a zip a student": (
        {"ada.zip": zipped({"my_minbert.py": "1"}), "bob_my_minbert.zip": zipped({"a/b.py": "2"})},
        {"ada": "1", "bob": "2"},
    ),
    "a zip in a student's folder": (
        {"ada/hand in.zip": zipped({"__MACOSX/._my_minbert.py": "x", "w/my_minbert.py": "1"})},
        {"ada": "1"},
    ),
    "one folder around all": (
        {"all/ada/my_minbert.py": "1", "all/bob/my_minbert.py": "2"},
        {"ada": "1", "bob": "2"},
    ),
    "nothing handed in": (
        {"ada/": "", "bob/my_minbert.py": "  \n", "cy/x.ipynb": "{}"},
        {
            "ada": "handed in no my_minbert.py",
            "bob": "my_minbert.py is empty",
            "cy": "handed in no my_minbert.py: x.ipynb",
        },
    ),
    "two files that differ": (
        {"ada/my_minbert.py": "1", "ada/old/my_minbert.py": "2", "bob/my_minbert (1).py": "3"},
        {
            "ada": "handed in 2 files: ada/my_minbert.py and ada/old/my_minbert.py; keep one",
            "bob": "3",
        },
    ),
    "the same file twice": (
        {"ada/my_minbert.py": "1", "ada/copy/my_minbert.py": "1"},
        {"ada": "1"},
    ),
    "no text": (
        {"ada/my_minbert.py": b"\xff\xfe\x00", "bob/my_minbert.py": "\ufeff1"},
        {"ada": "my_minbert.py is no text in UTF-8", "bob": "1"},
    ),
    "a damaged zip": (
        {"ada/x.zip": b"PK\x03\x04 nothing", "bob.py": "2"},
        {"ada": "ada/x.zip is no zip, or a damaged one", "bob": "2"},
    ),
    "a student's zip that leads out": (
        {"ada.zip": zipped({"../my_minbert.py": "1"}), "bob.py": "2"},
        {"ada": "ada.zip has an entry that leads out of it: '../my_minbert.py'", "bob": "2"},
    ),
}


def found(source: Path) -> dict[str, str]:
    return {one.student: one.problem or one.text for one in submissions([source])}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_as_folders(name: str, tmp_path: Path) -> None:
    content, expected = LAYOUTS[name]
    assert found(lay(tmp_path / "class", content)) == expected


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_as_zips(name: str, tmp_path: Path) -> None:
    content, expected = LAYOUTS[name]
    path = tmp_path / "class.zip"
    path.write_bytes(zipped(content))
    assert found(path) == expected


def test_a_single_students_folder(tmp_path: Path) -> None:
    assert found(lay(tmp_path / "ada", {"my_minbert.py": "1"})) == {"ada": "1"}


def test_a_student_in_two_sources(tmp_path: Path) -> None:
    one = lay(tmp_path / "one", {"ada.py": "1", "bob.py": "2"})
    two = lay(tmp_path / "two", {"ada/my_minbert.py": "3"})
    ada, bob = submissions([one, two])
    assert ada.problem.startswith("handed in") and not ada.text
    assert bob.text == "2"


def test_a_file_of_another_name_is_noted(tmp_path: Path) -> None:
    [ada] = submissions([lay(tmp_path / "class", {"ada/solution.py": "1", "ada/x.txt": "x"})])
    assert ada.note == "the file is named solution.py, not my_minbert.py"


@pytest.mark.parametrize("entry", ["../x.py", "/x.py", "a/../../x.py", "C:/x.py", "..\\x.py"])
def test_a_zip_that_leads_out_is_refused(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({entry: "1"}))
    with pytest.raises(ValueError, match="has an entry that leads out of it"):
        submissions([path])


def test_sources_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not there"):
        submissions([tmp_path / "nowhere"])
    with pytest.raises(ValueError, match="holds no submission"):
        submissions([lay(tmp_path / "empty", {"notes.txt": "x"})])
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        submissions([lay(tmp_path / "x", {"a.txt": "x"}) / "a.txt"])


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = lay(tmp_path / "class", {"ada.py": "12345", "bob.zip": zipped({"my_minbert.py": "1"})})
    monkeypatch.setattr("minbert.course.grading.submissions.LARGEST", 4)
    monkeypatch.setattr(files, "LARGEST_ZIP", 40)
    ada, bob = submissions([source])
    assert "ada.py is too large" in ada.problem and "bob.zip is too large" in bob.problem


def test_links_are_not_followed(tmp_path: Path) -> None:
    source = lay(tmp_path / "class", {"ada.py": "1"})
    lay(tmp_path / "elsewhere", {"my_minbert.py": "secret"})
    try:
        (source / "bob").symlink_to(tmp_path / "elsewhere")
        (source / "cy.py").symlink_to(tmp_path / "elsewhere" / "my_minbert.py")
    except OSError:
        pytest.skip("no links here")
    assert found(source) == {"ada": "1"}
