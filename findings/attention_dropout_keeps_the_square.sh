#!/usr/bin/env bash
# How much memory does torch's own attention keep for the backward pass on a CPU when BERT trains?
#
# Good guess:  a few rows per token. scaled_dot_product_attention has a fused kernel for CPUs, which
#              never writes the matrix of all pairs of tokens down; dropout on the weights, which BERT
#              trains with, is a number handed over to it, and a tiny one costs as good as nothing.
# Behaviour:   with dropout_p = 0 what is kept grows with the number of tokens n; with any dropout
#              above 0, 0.000001 as well, another path is taken that keeps matrices of n x n for every
#              head: nearly 4 times as much at 128 tokens, 25 times at 1,024. It says nothing. A batch of
#              32 pairs with one long question in it then takes gigabytes where it took megabytes.
# Versions:    torch 2.13.0 (CPU), numpy 2.4.6, Python 3.11, x86-64.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys

import torch
from torch.nn.functional import scaled_dot_product_attention

HEADS, WIDTH = 12, 32


def kept_mib(tokens, dropout):
    """Of one call with one sentence: distinct storages that the backward pass will read."""
    draw = torch.Generator().manual_seed(0)
    shape = (1, HEADS, tokens, WIDTH)
    query, key, value = (torch.randn(shape, generator=draw, requires_grad=True) for _ in range(3))
    storages = {}

    def keep(tensor):
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        scaled_dot_product_attention(query, key, value, dropout_p=dropout)
    return sum(storages.values()) / 2**20


found = {}
for tokens in (128, 256, 512, 1024):
    found[tokens] = [kept_mib(tokens, dropout) for dropout in (0.0, 1e-6, 0.1)]
    print(f"{tokens:5} tokens: " + ", ".join(
        f"dropout {p:g}: {mib:.1f} MiB" for p, mib in zip((0.0, 1e-6, 0.1), found[tokens])))
linear = found[1024][0] / found[128][0]
square = found[1024][2] / found[128][2]
ratio = found[1024][2] / found[1024][0]
print(f"eight times the tokens keep {linear:.1f} times as much without dropout, {square:.1f} with; "
      f"at 1,024 tokens dropout keeps {ratio:.1f} times as much")
same = all(abs(tiny - usual) < 0.1 for _, tiny, usual in found.values())
if not (7 < linear < 9 and square > 40 and ratio > 15 and same):
    sys.exit("changed")
PY
# Output seen:
#     128 tokens: dropout 0: 0.8 MiB, dropout 1e-06: 2.8 MiB, dropout 0.1: 2.8 MiB
#     256 tokens: dropout 0: 1.5 MiB, dropout 1e-06: 10.1 MiB, dropout 0.1: 10.1 MiB
#     512 tokens: dropout 0: 3.0 MiB, dropout 1e-06: 38.2 MiB, dropout 0.1: 38.2 MiB
#    1024 tokens: dropout 0: 6.0 MiB, dropout 1e-06: 148.5 MiB, dropout 0.1: 148.5 MiB
#   eight times the tokens keep 8.0 times as much without dropout, 52.8 with; at 1,024 tokens dropout keeps 24.6 times as much
