"""What is trained (a recipe) and for how long (a preset)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any

from minbert import checks, paper
from minbert.config import SIZES
from minbert.heads import ONE_PASS, PAIRS
from minbert.masking import MaskingRule
from minbert.pooling import POOLINGS
from minbert.pretrained import read_config
from minbert.tasks import QUORA, SST, STS


@dataclass(frozen=True)
class StageSettings:
    """How long and how fast one stage trains."""

    epochs: int
    batch_size: int
    """Sentences per step (MLM, sentiment) or pairs per step (ranking, paraphrase)."""
    learning_rate: float
    """Peak value; constant, or the top of the schedule."""
    schedule: str = "constant"
    warmup_share: float = 0.0
    """Share of all steps in which the learning rate rises linearly from 0."""
    weight_decay: float = 0.0
    max_gradient_norm: float | None = None
    """Longer gradients are scaled to this Euclidean length; None (the paper) leaves them."""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or not 0 < self.learning_rate < math.inf:
            raise ValueError(
                "epochs and batch_size must be at least 1, learning_rate above 0 and finite, got "
                f"{self.epochs}, {self.batch_size}, {self.learning_rate}"
            )
        if self.max_gradient_norm is not None and not self.max_gradient_norm > 0:
            raise ValueError(f"max_gradient_norm must be above 0, got {self.max_gradient_norm}")


INTERMEDIATE = ((), ("mlm",), ("mnrl",), ("mlm", "mnrl"))
"""What an encoder may go through before its joint training: the paths of the paper's arms."""


@dataclass(frozen=True)
class Recipe:
    """The choices that define an experiment, whatever its length."""

    name: str
    masking: MaskingRule
    """Which tokens the masked language model has to predict, and what it reads in their place."""
    similar_from: float
    """STS pairs at or above this similarity (0 to 5) are positives of the ranking loss."""
    scale: float
    """Multiplies the cosines in the ranking loss; the inverse temperature."""
    symmetric: bool
    """Whether the ranking loss also ranks first sentences for each second one."""
    pooling: str
    """Which sentence vector the heads and the ranking loss read (`minbert.pooling.POOLINGS`)."""
    paraphrase_compares: bool
    """Whether the paraphrase head also reads |u - v| and u · v (`minbert.heads`)."""
    dropout: float
    """On hidden states while the encoder trains, and on the vectors that the heads read."""
    attention_dropout: float
    """On attention weights while the encoder trains."""
    pairs: str = "bi-encoder"
    """How heads of pairs read them (`minbert.heads.PAIRS`)."""
    segments: bool = True
    """Whether a pair in one pass has segment ids, which say whose each word is."""
    cluster_masked: bool = False
    """Whether the ranking loss leaves out negatives that training data call duplicates: questions
    joined by any chain of pairs labelled so."""
    ranking_parts: int = 1
    """In how many parts each batch of the ranking loss is ranked, as gradient accumulation does to
    save memory: each part's sentences are negatives of that part alone."""
    ranking_chunk: int | None = None
    """Sentences that the ranking loss encodes at a time, by gradient caching: the memory of so few,
    the negatives of the whole batch (`minbert.training.gradient_caching`). None: all at once."""
    length_groups: int = 1
    """In how many groups of similar length a batch's sentences of pairs are encoded, so that less
    is padded: the same loss and gradients, but dropout draws in another order. With
    `ranking_chunk` the chunks are the groups."""
    packed_dropout: bool = False
    """Whether dropout on hidden states draws sixteen bits a value, which takes a CPU less time
    than torch's numbers (`minbert.training.packed_dropout`): other draws of the same kind."""
    joint: StageSettings | None = None
    """How encoder and heads train on all tasks at once; None (the paper's): they never do."""
    intermediate: tuple[str, ...] = ()
    """Of joint training: what the encoder goes through before, `mlm`, `mnrl` or both in this order,
    with the preset's settings (Phang et al., 2018)."""
    mixture: float | Mapping[str, float] = field(default=1.0, hash=False)
    """Of joint training: how much of a large data set an epoch takes, from as many examples as of
    the smallest (0) to all (1); or how many times it sees each, by the name of the task. See
    `minbert.training.epochs.mixed`."""
    cosine_weight: float = 0.0
    """Of joint training: weight of the loss that fits the cosine of the two sentence vectors to
    the similarity, beside the answer of the head."""
    head_rate: float = 1.0
    """Of joint training: what the learning rate of the heads is multiplied by."""
    frozen_words: bool = False
    """Whether the word embeddings stay as they are in joint training. They are half of MiniLM, and
    a task's few sentences move only the words in them."""
    consistency: float = 0.0
    """Of joint training: how much two readings of a sentence under other dropout have to agree, for
    tasks of classes that are not of pairs (`minbert.training.consistency`)."""

    averaged: float = 0.0
    """Of joint training: share of the steps, the last ones, whose weights are averaged in the end
    (`minbert.training.weight_average`)."""
    members: int = 1
    """How many times joint training begins anew from the same start, with other draws; the model
    is the mean of their weights (`minbert.training.soup`)."""
    similarity_averages: bool = False
    """Whether similarity is answered by the mean of its head's score and the cosine of the two
    vectors, where a pair is read both ways. Nothing is trained for it."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w+-]+", self.name):
            raise ValueError(
                "name must be letters, digits, _, + and -, since a run keeps checkpoints under it, "
                f"got {self.name!r:.60}"
            )
        checks.one_of("pooling", self.pooling, POOLINGS)
        checks.one_of("pairs", self.pairs, PAIRS)
        object.__setattr__(self, "intermediate", tuple(self.intermediate))  # JSON knows lists
        if self.intermediate not in INTERMEDIATE:
            raise ValueError(
                "intermediate must be stages of mlm and mnrl, in this order, got "
                f"{', '.join(map(str, self.intermediate))}"
            )
        if self.intermediate and self.joint is None:
            raise ValueError(
                "intermediate must be empty where joint is None, got "
                f"{', '.join(self.intermediate)}: it is what comes before joint training"
            )
        checks.whole("ranking_parts", self.ranking_parts, 1)
        if self.ranking_chunk is not None:
            checks.whole("ranking_chunk", self.ranking_chunk, 1, "sentences encoded at a time")
        checks.whole("length_groups", self.length_groups, 1)
        if isinstance(self.mixture, Mapping):
            for name, times in self.mixture.items():
                checks.within(f"mixture of {name}", times, "(0, inf)", "how often an epoch sees it")
        else:
            checks.within("mixture", self.mixture, "[0, 1]")
        checks.within("cosine_weight", self.cosine_weight, "[0, inf)")
        checks.within("head_rate", self.head_rate, "(0, inf)")
        checks.within("consistency", self.consistency, "[0, inf)")
        checks.within("averaged", self.averaged, "[0, 1)", "a share of the steps")
        checks.whole("members", self.members, 1, "trainings whose weights are averaged")
        if self.averaged and self.members > 1:
            raise ValueError(
                f"averaged must be 0 where members is {self.members}, got {self.averaged}: what "
                "the mean of means is worth was never measured"
            )
        if not self.segments and self.pairs not in ONE_PASS:
            raise ValueError(
                f"segments must be True where pairs is {self.pairs}, got False: only a pass over "
                f"both sentences has segment ids ({', '.join(ONE_PASS)})"
            )
        if self.cosine_weight and self.pairs == "cross-encoder":
            raise ValueError(
                f"cosine_weight must be 0 where pairs is cross-encoder, got {self.cosine_weight}: "
                "a pass over both sentences gives no two vectors; choose both"
            )
        checks.averaging(self.similarity_averages, self.pairs)

    def values(self) -> dict[str, Any]:
        """As plain data, for results.json; the rule of masking by names of its own.

        Choices that the paper does not know are left out where they are not made.
        """
        rule = self.masking
        masking = {
            "masking_probability": rule.probability,
            "mask_share": rule.mask,
            "random_share": rule.random,
            **({"whole_words": True} if rule.whole_words else {}),
        }
        unmade = {choice.name: choice.default for choice in fields(self)}
        others = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name != "masking" and (unmade[name] is MISSING or value != unmade[name])
        }
        return {"name": others.pop("name"), **masking, **others}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe that `values` wrote, as a run's results.json has it.

        Raises:
            ValueError: a choice is missing, unknown, or of another type.
        """
        rest = dict(values)
        try:
            masking = MaskingRule(
                rest.pop("masking_probability"),
                rest.pop("mask_share"),
                rest.pop("random_share"),
                rest.pop("whole_words", False),
            )
            joint = rest.pop("joint", None)
            settings = None if joint is None else StageSettings(**joint)
            return cls(masking=masking, joint=settings, **rest)
        except (KeyError, TypeError) as error:
            names = ", ".join(values)
            raise ValueError(
                f"recipe: expected the choices that a run records, got {names or 'none'} ({error})"
            ) from error


@dataclass(frozen=True)
class Preset:
    """One setting per stage, and the precision of the arithmetic."""

    name: str
    mlm: StageSettings
    mnrl: StageSettings
    heads: StageSettings
    sst_finetune: StageSettings
    precision: str

    def values(self) -> dict[str, Any]:
        """As plain data, for results.json."""
        return asdict(self)


def _of_the_paper(stage: str) -> StageSettings:
    values = paper.HYPERPARAMETERS[stage]
    return StageSettings(values["epochs"], values["batch_size"], values["learning_rate"])


RECIPES = {
    "paper": Recipe(
        name="paper",
        masking=MaskingRule(paper.MASKING_PROBABILITY),
        similar_from=paper.SIMILAR_FROM,
        scale=1.0,
        symmetric=False,
        pooling="pooler",
        paraphrase_compares=False,
        dropout=paper.HYPERPARAMETERS["mlm"]["dropout"],
        attention_dropout=0.1,
    )
}
RECIPES["lab"] = replace(
    RECIPES["paper"],
    name="lab",
    scale=20.0,
    symmetric=True,
    pooling="mean",
    paraphrase_compares=True,
    dropout=0.1,
    attention_dropout=0.0,
)
"""The paper's stages for an encoder a hundred times smaller, in minutes. What each choice that
differs is worth: `benchmarks/lab_recipe.py`, on held-out training data; figures in `docs/lab.md`.
"""

RECIPES["best"] = replace(
    RECIPES["paper"],
    name="best",
    pooling="mean",
    paraphrase_compares=True,
    dropout=0.1,
    attention_dropout=0.0,
    packed_dropout=True,
    length_groups=2,
    pairs="both",
    cosine_weight=1.0,
    head_rate=10.0,
    frozen_words=True,
    consistency=2.0,
    members=2,
    similarity_averages=True,
    joint=StageSettings(
        epochs=1,
        batch_size=32,
        learning_rate=1e-4,
        schedule="linear",
        warmup_share=0.1,
        weight_decay=0.01,
        max_gradient_norm=1.0,
    ),
    mixture={SST.name: 3.5, QUORA.name: 1.5, STS.name: 2.7},
)
"""Beyond the paper: everything on all tasks at once; pairs in one pass and sentence by sentence;
sentiment read twice under other dropout; the mean of two trainings. What each choice is worth:
`docs/beyond.md`."""

_PAPER = Preset("paper", *map(_of_the_paper, ("mlm", "mnrl", "heads", "sst_finetune")), "fp32")

PRESETS = {
    "paper": _PAPER,
    "quick": Preset(
        name="quick",
        mlm=replace(_PAPER.mlm, epochs=1, batch_size=32, learning_rate=3e-4, schedule="linear"),
        mnrl=replace(_PAPER.mnrl, epochs=1, batch_size=32, learning_rate=5e-5, schedule="linear"),
        heads=replace(_PAPER.heads, batch_size=64),
        sst_finetune=replace(
            _PAPER.sst_finetune, epochs=3, batch_size=32, learning_rate=1e-4, schedule="linear"
        ),
        precision="auto",
    ),
}
"""`paper`: its values exactly. `quick`: the same stages in less time; changes only epochs, batch
size, learning rate, schedule and precision, chosen on a held-out tenth of the training data
(`minbert sweep`), never on dev."""

QUICK_TINY = replace(
    PRESETS["quick"],
    mlm=replace(PRESETS["quick"].mlm, batch_size=64, learning_rate=3e-3),
    mnrl=replace(PRESETS["quick"].mnrl, epochs=3, learning_rate=1e-3),
    sst_finetune=replace(PRESETS["quick"].sst_finetune, epochs=6, learning_rate=5e-4),
    precision="fp32",
)
"""`quick` for encoders of the size of `tiny`: a narrow model takes higher learning rates."""

BEST_TINY = replace(
    RECIPES["lab"],
    name="best",
    intermediate=("mnrl",),
    joint=replace(RECIPES["best"].joint, epochs=8, learning_rate=5e-4),
)
"""`best` for encoders of the size of `tiny`: ranking, then all tasks at once by two vectors, with
heads that begin trained. `tiny` has never read two sentences at once (the lab `pair-encoding`), and
its vectors know little of similarity before they are ranked. Chosen on the dev set of
`classroom:0`, another corpus than the lab's."""


@dataclass(frozen=True)
class ChoicesOfSize:
    """What encoders of one size have of their own."""

    recipe: Recipe
    """Of a quick run for which none is named."""
    preset: Preset
    """Of a quick run."""
    recipes: Mapping[str, Recipe]
    """Those that have other settings at this size, by the name that they share."""


OF_SIZE = {SIZES["tiny"].size: ChoicesOfSize(RECIPES["lab"], QUICK_TINY, {"best": BEST_TINY})}
"""By size; encoders of other sizes have nothing of their own."""


def preset_for(name: str, encoder_name: str) -> Preset:
    """The preset of that name, for an encoder of its size, whatever the encoder is called.

    Args:
        encoder_name: as for `from_pretrained`.

    Raises:
        ValueError: there is none of that name; or see `from_pretrained`.
        FileNotFoundError, OSError: see `from_pretrained`.
    """
    preset = find(PRESETS, name, "preset")
    if name == "quick" and (size := _size(encoder_name)) in OF_SIZE:
        return OF_SIZE[size].preset
    return preset


def recipe_for(name: str | None, preset_name: str, encoder_name: str) -> Recipe:
    """The recipe of that name; without one, `lab` for a quick run of `tiny`'s size, else `paper`.

    Args, raises: as for `preset_for`.
    """
    if name is not None:
        recipe = find(RECIPES, name, "recipe")
        if recipe.joint is None:
            return recipe
        own = OF_SIZE.get(_size(encoder_name))
        return own.recipes.get(name, recipe) if own else recipe
    if preset_name == "quick" and (size := _size(encoder_name)) in OF_SIZE:
        return OF_SIZE[size].recipe
    return RECIPES["paper"]


def _size(encoder_name: str) -> tuple[int, ...]:
    """As recorded with the model; that of a name whose bytes are known is known without them."""
    return (SIZES.get(encoder_name) or read_config(encoder_name)).size


def find(table: dict[str, Any], name: str, kind: str) -> Any:
    """Look a recipe or preset up by name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in table:
        raise ValueError(f"{kind} must be one of {', '.join(table)}, got {name!r}")
    return table[name]
