"""What a task is: the one place that knows the columns, labels, head and metric of each.

Everything else asks. Whoever has a task of another kind writes one more value of `Task`, and data
files, heads, training, evaluation, tables and prediction files follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

from minbert import paper

METRICS = {
    "accuracy": "accuracy",
    "pearson": "Pearson's r",
    "spearman": "Spearman's r",
    "partner": "partner found",
}
"""What answers are measured by, and its name in tables: see `minbert.evaluation.metrics`."""


@dataclass(frozen=True)
class Label:
    """What may be in the label column of a file."""

    column: str
    lowest: float
    highest: float
    whole: bool
    """Whether labels are classes, numbered without gaps; otherwise they are scores."""
    names: tuple[str, ...] = ()
    """Of the classes, in the order of their numbers; empty where numbers are their names."""

    @property
    def expected(self) -> str:
        """Which labels there are, for sentences."""
        return f"a {'whole ' if self.whole else ''}number from {self.lowest:g} to {self.highest:g}"

    @property
    def expected_classes(self) -> str:
        """How many classes there are, and how the first ones are called, for sentences."""
        shown = ", ".join(self.names[:5]) + (", …" if len(self.names) > 5 else "")
        return f"{int(self.highest - self.lowest) + 1} classes ({shown or self.expected})"


@dataclass(frozen=True)
class Task:
    """Sentences, or pairs of them, and what is to be said of each.

    Raises:
        ValueError: other than one or two columns of sentences, or an unknown metric.
    """

    name: str
    """In files, results and cache; letters, digits and underscores."""
    subject: str
    """What is said, in a word: the name of the head in a model's weights, and in sentences."""
    title: str
    """Of a row in a table."""
    about: str
    """What the examples are, for a reader who sees some of them."""
    stem: str
    """How the names of its files begin."""
    sentences: tuple[str, ...]
    """Columns of the one sentence, or of the two."""
    label: Label
    head: str
    """What turns sentence vectors into answers: one of `minbert.heads.HEADS`."""
    loss: str
    """One of `minbert.losses.LOSSES`."""
    metric: str
    """One of `METRICS`. It brings its interval: Wilson's for shares, Fisher's z for r. Of `partner`
    an answer is the number of the cluster in which the partner of a sentence was looked for."""
    prediction: str
    """Column of a prediction file."""
    bootstrap: int
    """Number of its stream of bootstrap draws: tasks that are averaged have different ones."""
    similar_from: float | None = None
    """Label from which two sentences are a positive pair of the ranking loss; None: not ranked."""
    joint: bool = True
    """Whether it is trained and measured together with the others. One that is not may be missing
    from a folder of files."""
    separator: str = "\t"
    """Between the columns of its files."""

    def __post_init__(self) -> None:
        if len(self.sentences) not in (1, 2):
            raise ValueError(
                f"sentences must be the column of one sentence, or of two, got {self.sentences!r}"
            )
        if self.metric not in METRICS:
            raise ValueError(f"metric must be one of {', '.join(METRICS)}, got {self.metric!r}")

    @property
    def pairs(self) -> bool:
        """Whether an example has two sentences."""
        return len(self.sentences) == 2

    @property
    def classes(self) -> int:
        """Number of classes; of scores there is none, which is 0."""
        return int(self.label.highest - self.label.lowest) + 1 if self.label.whole else 0

    @property
    def measure(self) -> str:
        """Its metric in results.json, for example `sst_accuracy`."""
        return f"{self.name}_{self.metric}"

    @property
    def row(self) -> str:
        """Its metric in a table, for example `Sentiment (SST), accuracy`."""
        return f"{self.title}, {METRICS[self.metric]}"


SST = Task(
    name="sst",
    subject="sentiment",
    title="Sentiment (SST)",
    about="Reviews (like SST): sentiment from 0 to 4",
    stem="ids-sst",
    sentences=("sentence",),
    label=Label("sentiment", 0, 4, whole=True),
    head="classifier",
    loss="cross_entropy",
    metric="accuracy",
    prediction="Predicted_Sentiment",
    bootstrap=0,
)
"""Stanford Sentiment Treebank: five classes, from very negative to very positive."""

CFIMDB = Task(
    name="cfimdb",
    subject="sentiment",
    title="Sentiment (CFIMDB)",
    about="Film reviews (CFIMDB): 1 where they praise",
    stem="ids-cfimdb",
    sentences=("sentence",),
    label=Label("sentiment", 0, 1, whole=True),
    head="classifier",
    loss="cross_entropy",
    metric="accuracy",
    prediction="Predicted_Sentiment",
    bootstrap=0,
    joint=False,
)
"""Film reviews in two classes: the handout's second data set for a single task."""

QUORA = Task(
    name="quora",
    subject="paraphrase",
    title="Paraphrase (Quora)",
    about="Question pairs (like Quora): 1 where they ask the same",
    stem="quora",
    sentences=("sentence1", "sentence2"),
    label=Label("is_duplicate", 0, 1, whole=True),
    head="yes_or_no",
    loss="binary_cross_entropy",
    metric="accuracy",
    prediction="Predicted_Is_Paraphrase",
    bootstrap=1,
    similar_from=1,
)
"""Quora question pairs: do the two ask the same?"""

STS = Task(
    name="sts",
    subject="similarity",
    title="Similarity (STS)",
    about="Graded pairs (like STS): similarity from 0 to 5",
    stem="sts",
    sentences=("sentence1", "sentence2"),
    label=Label("similarity", 0, 5, whole=False),
    head="cosine",
    loss="squared_error",
    metric="pearson",
    prediction="Predicted_Similiary",  # sic: the course's own spelling
    bootstrap=2,
    similar_from=paper.SIMILAR_FROM,
)
"""Semantic textual similarity, graded from 0 (unrelated) to 5 (equivalent)."""

PAPER_TASKS = (SST, QUORA, STS)
"""In the paper's order: one encoder serves all three."""

COURSE_TASKS = {task.name: task for task in (SST, CFIMDB, QUORA, STS)}
"""Every task of the CS224N default project, by name, in the order of its files."""

SINGLE_TASKS = tuple(name for name, task in COURSE_TASKS.items() if not task.pairs)
"""Those on which the handout trains a classifier by itself."""


def find_task(task: Task | str) -> Task:
    """A task as it is, or the one of the course that has this name.

    Raises:
        ValueError: the course has none of this name.
    """
    if isinstance(task, Task):
        return task
    if task not in COURSE_TASKS:
        known = ", ".join(COURSE_TASKS)
        raise ValueError(f"task must be one of {known}, or a Task, got {task!r}")
    return COURSE_TASKS[task]
