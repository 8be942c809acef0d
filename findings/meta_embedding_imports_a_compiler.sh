#!/usr/bin/env bash
# What does it cost to build a layer on the meta device, where its weights take no memory?
#
# Good guess:  nothing, which is what the device is for: a model is built there so that its random
#              weights are neither drawn nor kept before the real ones are read from a file.
# Behaviour:   it depends on how the layer draws the weights that nobody keeps. nn.Linear draws
#              uniformly, and nothing is imported. nn.Embedding draws from a normal distribution,
#              which on that device is worked out in Python: the first one of a process imports
#              torch._dynamo, torch._inductor and sympy, some 800 modules and tens of MiB, more than
#              a small encoder weighs. A matrix product there, and skip_init of a Linear, import
#              sympy alone, half as much. Every BERT begins with an embedding.
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
from torch import nn


def resident_mib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


ways = {
    "embedding, cpu": lambda: nn.Embedding(8, 4),
    "linear, meta": lambda: nn.Linear(8, 4, device="meta"),
    "layer norm, meta": lambda: nn.LayerNorm(4, device="meta"),
    "embedding, meta": lambda: nn.Embedding(8, 4, device="meta"),
    "product, meta": lambda: torch.empty(3, 3, device="meta") @ torch.empty(3, 3, device="meta"),
    "linear, skip_init": lambda: nn.utils.skip_init(nn.Linear, 8, 4),
}
before, memory = set(sys.modules), resident_mib()
ways[sys.argv[1]]()
new = set(sys.modules) - before
packages = [int(name in new) for name in ("torch._dynamo", "torch._inductor", "sympy")]
print(len(new), *packages, round(resident_mib() - memory))
PY
seen=0
for what in "embedding, cpu" "linear, meta" "layer norm, meta" "embedding, meta" \
    "product, meta" "linear, skip_init"; do
    read -r modules dynamo inductor sympy mib < <("$folder/venv/bin/python" "$folder/cost.py" "$what")
    echo "$what: $modules modules (torch._dynamo $dynamo, torch._inductor $inductor, sympy $sympy), $mib MiB"
    case "$what" in
        "embedding, meta") [ "$dynamo$inductor$sympy" = 111 ] && [ "$mib" -gt 30 ] || seen=1 ;;
        "product, meta" | "linear, skip_init") [ "$dynamo$inductor$sympy" = 001 ] || seen=1 ;;
        *) [ "$modules" -lt 20 ] && [ "$dynamo$inductor$sympy" = 000 ] || seen=1 ;;
    esac
done
[ "$seen" -eq 0 ] || { echo "changed"; exit 1; }
# Output seen:
#   embedding, cpu: 0 modules (torch._dynamo 0, torch._inductor 0, sympy 0), 2 MiB
#   linear, meta: 0 modules (torch._dynamo 0, torch._inductor 0, sympy 0), 2 MiB
#   layer norm, meta: 0 modules (torch._dynamo 0, torch._inductor 0, sympy 0), 2 MiB
#   embedding, meta: 823 modules (torch._dynamo 1, torch._inductor 1, sympy 1), 74 MiB
#   product, meta: 487 modules (torch._dynamo 0, torch._inductor 0, sympy 1), 37 MiB
#   linear, skip_init: 487 modules (torch._dynamo 0, torch._inductor 0, sympy 1), 38 MiB
