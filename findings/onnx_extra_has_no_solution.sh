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
if pip install --dry-run --quiet "sentence-transformers[onnx]==6.2.0" > "$folder/said" 2>&1; then
    echo "changed: it can be installed now"
    exit 1
fi
grep -E "^    (sentence-transformers|optimum-onnx)\S* .* depends on transformers" "$folder/said" |
    sed 's/^ *//' | sort -u
grep -q "ResolutionImpossible" "$folder/said" && echo "ResolutionImpossible"
# Output seen:
