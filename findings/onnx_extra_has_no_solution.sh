#!/usr/bin/env bash
# Can the current sentence-transformers be installed with its onnx extra?
#
# Good guess:  yes: an extra of a release is installable beside that release.
# Behaviour:   pip finds no solution. sentence-transformers 6.2.0 needs transformers 5; its extra
#              needs optimum-onnx, and every release of that needs a transformers below 4.58.
#              Without a pin pip goes back to an older sentence-transformers, and says so only in
#              the list of what it installs.
# Versions:    sentence-transformers 6.2.0, optimum-onnx 0.0.1 to 0.1.0, pip 23.2, Python 3.11.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" "$@" --disable-pip-version-check; }
pip download --quiet --no-deps --dest "$folder" "sentence-transformers==6.2.0"
"$folder/venv/bin/python" - "$folder"/sentence_transformers-*.whl <<'PY'
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    for line in wheel.read(name).decode().splitlines():
        needed = line.removeprefix("Requires-Dist: ")
        if needed.startswith(("transformers<", "optimum-onnx[onnxruntime];")):
            print(needed)
PY
if pip install --dry-run "optimum-onnx[onnxruntime]" "transformers<6.0.0,>=5.0.0" \
    > "$folder/said" 2>&1; then
    echo "changed: it can be installed now"
    exit 1
fi
grep -E "^    optimum-onnx.* depends on transformers" "$folder/said" | sed 's/^ *//' | sort -u
grep -o "ResolutionImpossible" "$folder/said"
# Output seen:
#   transformers<6.0.0,>=5.0.0
#   optimum-onnx[onnxruntime]; extra == "onnx"
#   optimum-onnx[onnxruntime] 0.0.1 depends on transformers<4.56.0 and >=4.36.0
#   optimum-onnx[onnxruntime] 0.0.2 depends on transformers<4.56.0 and >=4.36.0
#   optimum-onnx[onnxruntime] 0.0.3 depends on transformers<4.56.0 and >=4.36.0
#   optimum-onnx[onnxruntime] 0.1.0 depends on transformers<4.58.0 and >=4.36
#   ResolutionImpossible
