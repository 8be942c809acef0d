#!/usr/bin/env bash
# What does bfloat16 change in the ranking loss of a sentence encoder that is already good?
#
# Good guess:  rounding. Weights and losses stay in float32 under autocast, products alone are rounded;
#              the gradient points where it did, as it does with torch's cross_entropy, which autocast
#              computes in float32.
# Behaviour:   sentence-transformers' MultipleNegativesRankingLoss is written with logsumexp, which
#              autocast leaves in bfloat16, and subtracts two numbers near 20 there: steps of 1/8. Where
#              most pairs are told apart, which is where a training ends and where a good encoder begins,
#              the loss falls to a fraction of itself or to exactly 0, and the gradient of the vectors
#              turns away from the right one (cosine .38 and .73), with the same cosines and scale as
#              cross_entropy has, whose gradient keeps its direction. Above a loss of .1 both are right.
#              A loss curve of zeros looks like success.
# Versions:    sentence-transformers 6.2.0, transformers 5.23.0, torch 2.13.0 (CPU), Python 3.11, x86-64;
#              with and without instructions for bfloat16.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 numpy==2.4.6 transformers==5.23.0 sentence-transformers==6.2.0
"$folder/venv/bin/python" - <<'PY'
import sys
import warnings

import torch
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

warnings.simplefilter("ignore")  # where losses are to be imported from
from sentence_transformers.losses import MultipleNegativesRankingLoss

PAIRS, WIDTH, SCALE = 32, 384, 20.0
theirs = MultipleNegativesRankingLoss(torch.nn.Identity(), scale=SCALE)


def written_out(first, second):
    return cross_entropy(SCALE * normalize(first) @ normalize(second).T, torch.arange(PAIRS))


def of(loss, first, second, bf16):
    """The loss of these vectors, and its gradient for the first ones."""
    given = first.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        value = loss(given, second)
    return value.item(), torch.autograd.grad(value, given)[0].flatten()


LOSSES = {
    "theirs": lambda first, second: theirs.compute_loss_from_embeddings([first, second], None),
    "cross_entropy": written_out,
}
found = {}
for noise in (1.0, 2.0, 3.0, 6.0):
    draw = torch.Generator().manual_seed(0)
    first = torch.randn(PAIRS, WIDTH, generator=draw)
    second = first + noise * torch.randn(PAIRS, WIDTH, generator=draw)
    right, gradient = of(LOSSES["theirs"], first, second, bf16=False)
    line = [f"in fp32 {right:.5f}"]
    for name, loss in LOSSES.items():
        assert abs(of(loss, first, second, bf16=False)[0] - right) < 1e-5, "the same loss in fp32"
        value, rounded = of(loss, first, second, bf16=True)
        cosine = cosine_similarity(gradient, rounded, dim=0).item()
        found[noise, name] = value, cosine
        line.append(f"{name} in bf16 {value:.5f}, cosine of the gradients {cosine:.3f}")
    print("; ".join(line), flush=True)
sure, clear = found[1.0, "theirs"], found[2.0, "theirs"]
fades = sure[0] == 0 and sure[1] < 0.6 and clear[0] < 0.005 and clear[1] < 0.8
kept = all(found[noise, "cross_entropy"][1] > 0.99 for noise in (1.0, 2.0, 3.0, 6.0))
if not (fades and kept and found[6.0, "theirs"][1] > 0.99):
    sys.exit("changed")
PY
# Output seen:
#   in fp32 0.00004; theirs in bf16 -0.00000, cosine of the gradients 0.381; cross_entropy in bf16
#       0.00004, cosine of the gradients 1.000
#   in fp32 0.00943; theirs in bf16 0.00195, cosine of the gradients 0.730; cross_entropy in bf16
#       0.00947, cosine of the gradients 1.000
#   in fp32 0.12478; theirs in bf16 0.12207, cosine of the gradients 0.999; cross_entropy in bf16
#       0.12482, cosine of the gradients 1.000
#   in fp32 1.19135; theirs in bf16 1.19531, cosine of the gradients 1.000; cross_entropy in bf16
#       1.19167, cosine of the gradients 1.000
