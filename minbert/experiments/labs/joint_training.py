"""Joint-training lab: what does each choice of the recipe `best` add, on all three tasks?"""

from __future__ import annotations

from dataclasses import replace

from minbert.evaluating import evaluating
from minbert.evaluation.metrics import pearson
from minbert.experiments.experiment import Experiment
from minbert.experiments.labs.trial import Cell, Found, Lab
from minbert.experiments.stage_files import predict_tasks, similarities
from minbert.experiments.sweep import Parts
from minbert.heads import ONE_PASS
from minbert.tasks import QUORA, SST, STS
from minbert.training.heads import train_heads
from minbert.training.joint import train_jointly
from minbert.training.loop import History, RunContext, generator_for
from minbert.training.mnrl import ranked_pairs, train_ranking
from minbert.training.recipe import recipe_for
from minbert.training.sentences import SentenceTable
from minbert.training.vectors import embed_all, pair_vectors

BASELINE = "best"
FROZEN = "heads on the frozen encoder"
FRESH = "two vectors, fresh heads"


def cells_of(experiment: Experiment) -> list[Cell]:
    """The recipe `best` for this encoder, and one other choice at a time; none of them twice.

    Trained once each: the mean of several trainings is a choice like the others.
    """
    best = recipe_for("best", experiment.preset.name, experiment.encoder_name)
    base, joint = replace(best, name="joint", members=1), best.joint
    head_alone = replace(base, similarity_averages=False)
    plain = replace(head_alone, pairs="bi-encoder", cosine_weight=0.0)
    both, by_task = replace(plain, pairs="both"), replace(plain, pairs="by-task")
    fast = replace(both, head_rate=10.0)
    rate = joint.learning_rate
    cells = [
        Cell(BASELINE, base, joint),
        Cell("no ranking before", replace(base, intermediate=()), joint),
        Cell("ranking before", replace(base, intermediate=("mnrl",)), joint),
        Cell("two vectors", plain, joint),
        Cell("one pass", replace(plain, pairs="cross-encoder"), joint),
        Cell("one pass and vectors", both, joint),
        Cell("one pass and vectors, cosine fitted", replace(both, cosine_weight=1.0), joint),
        Cell("similarity by the head alone", head_alone, joint),
        Cell("classes in one pass, similarity the cosine", by_task, joint),
        Cell("concatenation", replace(plain, paraphrase_compares=False), joint),
        Cell("pooler", replace(base, pooling="pooler"), joint),
        Cell("as many of each task", replace(base, mixture=0.0), joint),
        Cell("all of each task", replace(base, mixture=1.0), joint),
        Cell("no attention dropout", replace(base, attention_dropout=0.0), joint),
        Cell("no dropout", replace(base, dropout=0.0, attention_dropout=0.0), joint),
        Cell("R-Drop", replace(base, consistency=2.0), joint),
        Cell("no R-Drop", replace(base, consistency=0.0), joint),
        Cell("heads at the encoder's rate", replace(base, head_rate=1.0), joint),
        Cell("heads ten times as fast", replace(base, head_rate=10.0), joint),
        Cell("one pass and vectors, heads ten times as fast", fast, joint),
        Cell("word embeddings stand still", replace(base, frozen_words=True), joint),
        Cell("word embeddings trained", replace(base, frozen_words=False), joint),
        Cell("half the learning rate", base, replace(joint, learning_rate=rate / 2)),
        Cell("twice the learning rate", base, replace(joint, learning_rate=rate * 2)),
        Cell("twice as long", base, replace(joint, epochs=joint.epochs * 2)),
        Cell("the mean of two trainings", replace(base, members=2), joint),
        Cell(FRESH, plain, joint, FRESH),
        Cell(FROZEN, plain, experiment.preset.heads, FROZEN),
    ]
    choices = [(cell.recipe, cell.settings, cell.how) for cell in cells]
    return [cell for at, cell in enumerate(cells) if choices.index(choices[at]) == at]


def train(
    experiment: Experiment, cell: Cell, parts: Parts, table: SentenceTable, context: RunContext
) -> Found:
    """Ranking where the recipe has it, heads where they can be, then everything at once."""
    recipe, encoder = cell.recipe, experiment.original().encoder.to(context.device)
    alone = replace(context, checkpoint=None)  # a minute of work at most: nothing to resume
    if "mlm" in recipe.intermediate:
        raise ValueError(
            f"intermediate must be empty or mnrl in this lab, got {', '.join(recipe.intermediate)}"
        )
    if recipe.intermediate:
        pairs = ranked_pairs(parts.train)
        train_ranking(encoder, pairs, table, recipe, experiment.preset.mnrl, alone)
    model = experiment.model(
        encoder,
        generator_for(context.seed, "heads"),
        [rows.task for rows in parts.train.values()],
    )
    if recipe.pairs not in ONE_PASS and cell.how != FRESH:
        seen = {row for rows in parts.train.values() for row in rows.all_rows}
        vectors = embed_all(model.encoder, seen, table, recipe, context)
        train_heads(model, vectors, parts.train, experiment.preset.heads, alone)
    history = History()
    if cell.how != FROZEN:
        history = train_jointly(model, parts.train, table, recipe, cell.settings, context)
    wanted = [row for rows in parts.held_out.values() for row in rows.all_rows]
    vectors = embed_all(model.encoder, wanted, table, recipe, context)
    together = pair_vectors(model.encoder, parts.held_out, table, recipe, context)
    with evaluating(model):
        predictions = predict_tasks(model, vectors, parts.held_out, together)
    measures = {"training_s": history.seconds, "training_tokens": float(history.tokens)}
    for name, rows in parts.held_out.items():
        if rows.task.head == "cosine":
            value = pearson(similarities(vectors, rows), rows.labels.numpy())
            measures[f"{name}_cosine_pearson"] = value
    return Found(predictions, measures)


JOINT_TRAINING = Lab(
    name="joint-training",
    question="What does each choice of the recipe `best` add, on all three tasks at once?",
    tasks=(SST.name, QUORA.name, STS.name),
    baseline=BASELINE,
    cells=cells_of,
    train=train,
)
