#!/usr/bin/env bash
# Is a wheel what is in the source folder?
#
# Good guess:  yes: `pip wheel .` builds from the files that are there, in isolation.
# Behaviour:   setuptools copies them into build/lib and packs that folder. What an earlier build
#              left there stays: a module that was deleted or renamed since is in the new wheel,
#              can be imported, and nothing is said. A build from an sdist has no such folder.
# Versions:    setuptools 84.2.1, pip 23.2.1, Python 3.11.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip="$folder/venv/bin/pip --disable-pip-version-check --quiet"
$pip install pip==23.2.1 setuptools==84.2.1
mkdir -p "$folder/source/there"
cd "$folder/source"
printf '[project]\nname = "there"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[tool.setuptools]\npackages = ["there"]\n' > pyproject.toml
touch there/__init__.py there/old.py
$pip wheel --no-build-isolation --no-deps --wheel-dir "$folder/first" .
mv there/old.py there/new.py
$pip wheel --no-build-isolation --no-deps --wheel-dir "$folder/second" .
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys, zipfile, pathlib

[wheel] = pathlib.Path(sys.argv[1], "second").glob("*.whl")
names = sorted(name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("there/"))
print("after old.py was renamed to new.py:", ", ".join(names))
expected = ["there/__init__.py", "there/new.py", "there/old.py"]
raise SystemExit(0 if names == expected else f"changed: expected {expected}")
PY
# Output seen:
#   after old.py was renamed to new.py: there/__init__.py, there/new.py, there/old.py
