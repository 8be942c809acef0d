#!/usr/bin/env bash
# What does it cost to build a torch optimizer in a process that never compiles anything?
#
# Good guess:  nothing: SGD over one parameter is a dictionary and a list. torch.compile and the
#              algebra package it needs are loaded by whoever calls torch.compile.
# Behaviour:   the first optimizer of a process, of torch or a subclass of one's own, imports
#              torch._dynamo, some 300 more modules of torch, and sympy: tens of MiB and a second or
#              more, in each of the kernels of a class. A forward and backward pass, and a step done
#              by hand, do not.
# Versions:    torch 2.13.0 (CPU), numpy 2.4.6, sympy as torch asks for it, Python 3.11, Linux.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/cost.py" <<'PY'
import sys

import torch


def resident_mib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


layer = torch.nn.Linear(8, 8)
layer(torch.ones(2, 8)).sum().backward()
with torch.no_grad():
    for parameter in layer.parameters():
        parameter -= 0.1 * parameter.grad  # a step of gradient descent by hand
before, memory = set(sys.modules), resident_mib()
if sys.argv[1] == "optimizer":
    torch.optim.SGD(layer.parameters(), lr=0.1)
new = set(sys.modules) - before
counts = [sum(name.split(".")[0] == package for name in new) for package in ("torch", "sympy")]
print(*counts, int("torch._dynamo" in new), round(resident_mib() - memory))
PY
seen=0
for what in nothing optimizer; do
    read -r torch sympy dynamo mib < <("$folder/venv/bin/python" "$folder/cost.py" "$what")
    echo "$what: $torch modules of torch, $sympy of sympy, torch._dynamo: $dynamo, $mib MiB"
    if [ "$what" = nothing ]; then
        [ "$torch" -eq 0 ] && [ "$sympy" -eq 0 ] || seen=1
    else
        [ "$torch" -gt 100 ] && [ "$sympy" -gt 100 ] && [ "$mib" -gt 20 ] || seen=1
    fi
done
[ "$seen" -eq 0 ] || { echo "changed"; exit 1; }
# Output seen:
#   nothing: 0 modules of torch, 0 of sympy, torch._dynamo: 0, 0 MiB
#   optimizer: 315 modules of torch, 419 of sympy, torch._dynamo: 1, 71 MiB
