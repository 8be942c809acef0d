#!/usr/bin/env bash
# Which gradients of a BERT layer depend on torch's number of threads?
#
# Good guess:  all of them or none. Either every kernel splits its sums by threads, or, once MKL is
#              asked for reproducible products (MKL_CBWR=AUTO,STRICT), one machine gives one result.
# Behaviour:   of linear layers, attention, GELU, embeddings and LayerNorm only the gradients of
#              LayerNorm's weight and bias change with the number of threads: its backward pass adds
#              up one partial sum a thread. They differ by some 1e-5 where the largest is about 85,
#              so a training's last digits follow the number of threads. The same normalisation with
#              scale and shift as a step of their own (addcmul) gives equal bits for 1, 2 and 4.
# Versions:    torch 2.13.0 (CPU, MKL 2024.2), numpy 2.4.6, Python 3.11, x86-64.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
MKL_CBWR=AUTO,STRICT "$folder/venv/bin/python" - <<'PY'
import torch
from torch.nn import functional as F

BATCH, SEQ, HIDDEN, HEADS = 32, 25, 128, 4


class Outside(torch.nn.LayerNorm):
    def forward(self, x):
        return torch.addcmul(self.bias, F.layer_norm(x, self.normalized_shape), self.weight)


def gradients(threads):
    torch.set_num_threads(threads)
    draw = torch.Generator().manual_seed(0)
    make = lambda *shape: torch.randn(*shape, generator=draw)
    found = {}
    for name, norm in (("fused norm", torch.nn.LayerNorm), ("scale outside", Outside)):
        module, x = norm(HIDDEN), make(BATCH, SEQ, HIDDEN).requires_grad_()
        module(x).backward(make(BATCH, SEQ, HIDDEN))
        found |= {f"{name}: input": x.grad, f"{name}: weight": module.weight.grad,
                  f"{name}: bias": module.bias.grad}
    dense, x = torch.nn.Linear(HIDDEN, 4 * HIDDEN), make(BATCH, SEQ, HIDDEN).requires_grad_()
    with torch.no_grad():
        dense.weight.copy_(make(4 * HIDDEN, HIDDEN))
        dense.bias.zero_()
    F.gelu(dense(x)).backward(make(BATCH, SEQ, 4 * HIDDEN))
    found |= {"linear and GELU: input": x.grad, "linear and GELU: weight": dense.weight.grad,
              "linear and GELU: bias": dense.bias.grad}
    query, key, value = (make(BATCH, HEADS, SEQ, 32).requires_grad_() for _ in range(3))
    F.scaled_dot_product_attention(query, key, value).backward(make(BATCH, HEADS, SEQ, 32))
    found |= {"attention: query": query.grad, "attention: key": key.grad,
              "attention: value": value.grad}
    table = torch.nn.Embedding(3000, HIDDEN)
    ids = torch.randint(3000, (BATCH, SEQ), generator=draw)
    table(ids).backward(make(BATCH, SEQ, HIDDEN))
    return found | {"embeddings": table.weight.grad}


one = gradients(1)
moved = set()
for threads in (2, 4):
    other = gradients(threads)
    for name, value in one.items():
        apart = (value - other[name]).abs().max().item()
        if apart:
            moved.add(name)
            print(f"{threads} threads, {name}: {apart:.1e} apart, largest {value.abs().max():.0f}")
expected = {"fused norm: weight", "fused norm: bias"}
print("follow the number of threads:", ", ".join(sorted(moved)) or "none")
raise SystemExit(0 if moved == expected else f"changed: expected {sorted(expected)}")
PY
# Output seen:
#   2 threads, fused norm: weight: 6.1e-05 apart, largest 83
#   2 threads, fused norm: bias: 6.9e-05 apart, largest 86
#   4 threads, fused norm: weight: 6.9e-05 apart, largest 83
#   4 threads, fused norm: bias: 6.1e-05 apart, largest 86
#   follow the number of threads: fused norm: bias, fused norm: weight
