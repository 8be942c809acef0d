#!/usr/bin/env bash
# Does bfloat16 make attention's gradient faster on a CPU that multiplies bfloat16 in hardware?
#
# Good guess:  yes. torch's scaled_dot_product_attention has a fused kernel for CPUs, forward and
#              backward, in both types; half the bytes and faster products make it quicker, and
#              attention written out as two products and a softmax is the slow way, as it is in fp32.
# Behaviour:   on a CPU with AVX512-BF16, at 16 to 128 tokens, forward and backward together take the
#              fused kernel two to four times as long in bfloat16 as in fp32, and three to ten times as
#              long as attention written out in bfloat16. All of it is lost on the way back; forward it
#              is no slower. At 512 tokens there is no difference any more. An encoder of six layers
#              under autocast spends a quarter of a training step in that one kernel. In fp32 the fused
#              kernel is as fast as the one written out, or faster, so a comparison there misleads.
#              Without such instructions bfloat16 is no choice for training, and the script says that it
#              has nothing to see there.
# Versions:    torch 2.13.0 (CPU), numpy 2.4.6, Python 3.11, x86-64 with AVX512-BF16 or AMX.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import statistics
import sys
import time

import torch
from torch.nn.functional import scaled_dot_product_attention

if not (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()):
    print("no instructions for bfloat16 on this CPU: nothing to see here")
    sys.exit(0)

HEADS, WIDTH, ROUNDS = 12, 32, 15
torch.set_num_threads(min(2, torch.get_num_threads()))


def written_out(query, key, value):
    scores = query @ key.transpose(-2, -1) * WIDTH**-0.5
    return scores.softmax(-1) @ value


WAYS = {
    "fused bf16": (scaled_dot_product_attention, torch.bfloat16),
    "written out bf16": (written_out, torch.bfloat16),
    "fused fp32": (scaled_dot_product_attention, torch.float32),
    "written out fp32": (written_out, torch.float32),
}


def once(way, dtype, inputs):
    """Milliseconds forward and backward, and the output."""
    given = [one.to(dtype).requires_grad_() for one in inputs]
    started = time.perf_counter()
    out = way(*given)
    between = time.perf_counter()
    torch.autograd.grad(out.sum(), given)
    return 1e3 * (between - started), 1e3 * (time.perf_counter() - between), out


fused, out_of = {}, {}
for batch, tokens in ((64, 16), (64, 32), (32, 64), (16, 128), (4, 512)):
    draw = torch.Generator().manual_seed(0)
    inputs = [torch.randn(batch, HEADS, tokens, WIDTH, generator=draw) for _ in range(3)]
    taken = {name: [] for name in WAYS}
    for number in range(ROUNDS + 2):  # in turn; the first two warm up
        outputs = {}
        for name, (way, dtype) in WAYS.items():
            forward, backward, outputs[name] = once(way, dtype, inputs)
            if number > 1:
                taken[name].append((forward, backward))
    away = (outputs["fused bf16"].float() - outputs["written out bf16"].float()).abs().max()
    assert away < 0.05, "the two compute the same"
    median = {n: [statistics.median(side) for side in zip(*of)] for n, of in taken.items()}
    print(f"{batch:3} x {tokens:3} tokens: " + "; ".join(
        f"{name} {there:.1f} + {back:.1f} ms" for name, (there, back) in median.items()))
    total = {name: sum(of) for name, of in median.items()}
    fused[tokens] = total["fused bf16"] / total["fused fp32"]
    out_of[tokens] = total["fused bf16"] / total["written out bf16"]
print("fused, bf16 against fp32: " + ", ".join(f"{n}: {r:.1f}" for n, r in fused.items()))
print("bf16, fused against written out: " + ", ".join(f"{n}: {r:.1f}" for n, r in out_of.items()))
if not (fused[16] > 1.3 and fused[64] > 1.1 and min(out_of[n] for n in (16, 32, 64)) > 2):
    sys.exit("changed")
PY
# Output seen:
#    64 x  16 tokens: fused bf16 1.7 + 30.8 ms; written out bf16 1.0 + 2.1 ms; fused fp32 2.5 + 6.1
#       ms; written out fp32 0.9 + 8.3 ms
#    64 x  32 tokens: fused bf16 2.2 + 23.9 ms; written out bf16 1.3 + 1.8 ms; fused fp32 3.0 + 8.0
#       ms; written out fp32 2.1 + 12.9 ms
#    32 x  64 tokens: fused bf16 3.3 + 27.1 ms; written out bf16 1.9 + 4.0 ms; fused fp32 3.8 + 9.1
#       ms; written out fp32 4.3 + 12.3 ms
#    16 x 128 tokens: fused bf16 5.0 + 31.7 ms; written out bf16 4.4 + 7.3 ms; fused fp32 5.3 + 11.0
#       ms; written out fp32 11.6 + 20.1 ms
#     4 x 512 tokens: fused bf16 13.9 + 34.1 ms; written out bf16 16.6 + 35.9 ms; fused fp32 13.2 +
#       34.7 ms; written out fp32 55.2 + 75.9 ms
#   fused, bf16 against fp32: 16: 3.8, 32: 2.4, 64: 2.4, 128: 2.3, 512: 1.0
#   bf16, fused against written out: 16: 10.4, 32: 8.4, 64: 5.2, 128: 3.2, 512: 0.9
