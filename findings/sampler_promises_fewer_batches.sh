#!/usr/bin/env bash
# How much of the data does a training with sentence-transformers' NO_DUPLICATES sampler see?
#
# Good guess:  all of it: a row that does not fit into a batch comes in a later one, and the
#              sampler's length says how many batches there are.
# Behaviour:   every row comes, but the length is still rows / batch size. 320 pairs with five
#              different answers give 64 batches of five, and a length of 10: whatever counts steps
#              by the length (a trainer's epoch, a learning-rate schedule, a progress bar) ends after
#              50 of 320 rows. With drop_last no batch comes at all: an epoch of nothing, and one
#              line in the log.
# Versions:    sentence-transformers 6.2.0, transformers 5.23.0, torch 2.13.0 (CPU), Python 3.11.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 transformers==5.23.0 sentence-transformers==6.2.0
"$folder/venv/bin/python" - <<'PY'
import torch
from sentence_transformers.base.sampler import NoDuplicatesBatchSampler


class Rows:
    column_names = ["anchor", "positive"]

    def __len__(self):
        return 320

    def __getitem__(self, row):
        return {"anchor": f"text {row}", "positive": f"label {row % 5}"}


seen = []
for drop_last in (False, True):
    draw = torch.Generator().manual_seed(0)
    sampler = NoDuplicatesBatchSampler(Rows(), batch_size=32, drop_last=drop_last, generator=draw)
    batches = list(sampler)
    within = sum(len(batch) for batch in batches[: len(sampler)])
    seen.append((len(sampler), len(batches), sum(map(len, batches)), within))
    print(f"drop_last {drop_last}: length {len(sampler)}, batches {len(batches)}, "
          f"rows {sum(map(len, batches))}, rows within the length {within}")
expected = [(10, 64, 320, 50), (10, 0, 0, 0)]
raise SystemExit(0 if seen == expected else f"changed: expected {expected}")
PY
# Output seen:
#   drop_last False: length 10, batches 64, rows 320, rows within the length 50
#   drop_last True: length 10, batches 0, rows 0, rows within the length 0
