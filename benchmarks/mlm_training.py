"""How fast is our masked-language-model training? Against the plain loop over transformers.

Both train a MiniLM-sized BERT (same starting weights) on the same sentences, in turn in this
process. Counted are real word pieces per second, padding not; printed are the medians of several
runs and the ratios of each pair of runs. Two comparisons:

as used      ours as the quick preset trains (batch 32, bfloat16 where the CPU has it) against the
             plain loop as one writes it first: batch 8, float32, dynamic padding, AdamW
equal terms  the same batch size and the same precision on both sides

    python benchmarks/mlm_training.py [--data cs224n:DIR] [--runs 5] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from pathlib import Path

import torch
from sample_text import sentences_of
from torch.utils.data import DataLoader
from tqdm.auto import tqdm
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
)

from minbert.encoder import Encoder
from minbert.experiments.provenance import describe_device, versions
from minbert.experiments.run_folder import check_replaceable, write_json
from minbert.heads import MaskedLanguageModelHead
from minbert.precision import PRECISIONS, autocast, resolve_precision
from minbert.pretrained import from_pretrained
from minbert.training.loop import RunContext, generator_for
from minbert.training.mlm import pretrain_masked_language_model
from minbert.training.recipe import PRESETS, RECIPES, StageSettings
from minbert.training.sentences import SentenceTable
from minbert.weights import locate

RECIPE = RECIPES["paper"]
CPU = torch.device("cpu")


class Plain:
    """The loop one writes first with transformers."""

    def __init__(self, table: SentenceTable, batch_size: int, precision: str) -> None:
        self.batch_size, self.precision = batch_size, precision
        self.rows = [{"input_ids": ids} for ids in table.ids]
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(locate("minilm").tokenizer),
            pad_token="[PAD]",
            mask_token="[MASK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
            unk_token="[UNK]",
        )
        self.collate = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
        config = BertConfig.from_json_file(str(locate("minilm").config))
        config.hidden_dropout_prob = RECIPE.dropout
        self.model = BertForMaskedLM(config)

    def run(self) -> float:
        """Train one epoch; real word pieces per second."""
        self.model.train()
        loader = DataLoader(self.rows, self.batch_size, shuffle=True, collate_fn=self.collate)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5)
        tokens, started = 0, time.perf_counter()
        for batch in tqdm(loader, desc="transformers", leave=False):
            tokens += int(batch["attention_mask"].sum())
            with autocast(self.precision, CPU):
                loss = self.model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        return tokens / (time.perf_counter() - started)


class Ours:
    """`minbert`'s own stage, as `minbert reproduce` runs it."""

    def __init__(
        self,
        table: SentenceTable,
        corpora: dict[str, tuple[int, ...]],
        encoder: Encoder,
        batch_size: int,
        precision: str,
    ) -> None:
        self.table, self.corpora, self.precision = table, corpora, precision
        self.settings = StageSettings(1, batch_size, 1e-5)
        self.encoder = copy.deepcopy(encoder)
        self.head = MaskedLanguageModelHead(encoder.config, generator_for(0, "head"))

    def run(self) -> float:
        """Train one epoch; real word pieces per second."""
        history = pretrain_masked_language_model(
            self.encoder, self.head, self.corpora, self.table, RECIPE, self.settings,
            RunContext(CPU, self.precision, seed=0),
        )  # fmt: skip
        return history.tokens / history.seconds


def compare(name: str, ours: Ours, plain: Plain, runs: int) -> dict:
    """Alternate the two, a first pair unrecorded."""
    pairs = [(ours.run(), plain.run()) for _ in range(runs + 1)][1:]
    ratios = [a / b for a, b in pairs]
    result = {
        "comparison": name,
        "ours": {"batch_size": ours.settings.batch_size, "precision": ours.precision},
        "transformers": {"batch_size": plain.batch_size, "precision": plain.precision},
        "ours_tokens_per_s": statistics.median(a for a, _ in pairs),
        "transformers_tokens_per_s": statistics.median(b for _, b in pairs),
        "ratio_median": statistics.median(ratios),
        "ratios": ratios,
    }
    print(
        f"{name}: ratio {result['ratio_median']:.2f} (of {runs} pairs: {min(ratios):.2f} to "
        f"{max(ratios):.2f}); ours {result['ours_tokens_per_s']:,.0f}, "
        f"transformers {result['transformers_tokens_per_s']:,.0f} word pieces/s"
    )
    return result


def main() -> None:
    """Run both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="cs224n:DIR; made-up sentences without it")
    parser.add_argument("--sentences", type=int, default=768, help="per run")
    parser.add_argument("--runs", type=int, default=5, help="recorded pairs per comparison")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="of `as used`")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    if arguments.out:
        check_replaceable(arguments.out, ("sentences", "results", "command"))
    encoder, tokenizer = from_pretrained("minilm")
    texts, what = sentences_of(arguments.data, arguments.sentences)
    table = SentenceTable(tokenizer)
    corpora = {name: table.add(text) for name, text in texts.items()}
    # A sentence that occurs twice is trained on twice by both.
    corpora = {name: tuple(dict.fromkeys(rows)) for name, rows in corpora.items()}
    precision = resolve_precision(arguments.precision, CPU)
    quick = PRESETS["quick"].mlm.batch_size
    print(f"{what}; {len(table)} sentences per run; {describe_device(CPU)}")
    results = [
        compare(name, Ours(table, corpora, encoder, *ours), Plain(table, *theirs), arguments.runs)
        for name, ours, theirs in (
            ("as used", (quick, precision), (8, "fp32")),
            ("equal terms, batch 8, fp32", (8, "fp32"), (8, "fp32")),
            (f"equal terms, batch {quick}, {precision}", (quick, precision), (quick, precision)),
        )
    ]
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(
            arguments.out,
            {
                "data": what,
                "sentences": len(table),
                "device": describe_device(CPU),
                "versions": versions(),
                "command": "python benchmarks/mlm_training.py"
                + (f" --data {arguments.data}" if arguments.data else "")
                + f" --sentences {arguments.sentences} --runs {arguments.runs}",
                "results": results,
            },
        )
        print(json.dumps({"written": arguments.out.name}))


if __name__ == "__main__":
    main()
