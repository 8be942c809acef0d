"""A model card: README.md of a model's folder, with the front matter that the hub reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from minbert.hub import NAME
from minbert.known_models import KNOWN

CARD = "README.md"
ASKED = "whoever publishes this model fills it in, and looks at the licence of the data first"

SENTENCES = ("sentence-transformers", "sentence-similarity")
CLASSES = ("transformers", "text-classification")
ENCODER = ("transformers", "feature-extraction")
"""Library and task on the hub: of a folder that knows its pooling, of a classifier, of the rest."""

USE = {
    SENTENCES: """```python
from sentence_transformers import SentenceTransformer

vectors = SentenceTransformer("FOLDER").encode(["A sentence.", "Another one."])
```

or, with the same vectors, `minbert.encode(sentences, *minbert.from_pretrained("FOLDER"))`.""",
    CLASSES: """```python
from transformers import pipeline

pipeline("text-classification", "FOLDER")("A sentence.")
```

A pair is read in one pass: `{"text": "A sentence.", "text_pair": "Another one."}`.""",
    ENCODER: """```python
from transformers import AutoModel, AutoTokenizer

tokenizer, model = AutoTokenizer.from_pretrained("FOLDER"), AutoModel.from_pretrained("FOLDER")
```""",
}


@dataclass(frozen=True)
class Score:
    """One measured number, with what is known of its uncertainty."""

    name: str
    """For example `Sentiment (SST), accuracy, dev`."""
    value: float
    interval: tuple[float, float] | None = None
    """95 %; None where there is none."""


@dataclass(frozen=True)
class ModelCard:
    """What is known of a model. What is not known is left out or asked for, never made up."""

    title: str
    kind: tuple[str, str] = SENTENCES
    """`SENTENCES`, `CLASSES`, `ENCODER`, or another library and task of the hub."""
    base_model: str | None = None
    """A name, hub id or folder: what the training began with."""
    vectors: str | None = None
    """How sentence vectors are made, in words."""
    data: str | None = None
    """What it was trained and measured on, synthetic or not."""
    recipe: str | None = None
    """What was trained, in words."""
    seeds: Sequence[int] = ()
    scores: Sequence[Score] = ()
    command: str | None = None
    """The line that made it."""
    limits: Sequence[str] = ()
    license: str | None = None
    """An identifier of the hub, `apache-2.0` for example; None: asked for."""
    languages: Sequence[str] = ()
    """Two letters each."""
    tags: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    """Markdown at the end."""

    def front_matter(self) -> list[str]:
        """The lines between two `---`, as YAML; a text is quoted as JSON quotes it."""
        library, task = self.kind
        base = self._published_base()
        tags = dict.fromkeys((library, task, "bert", "minbert", *self.tags))
        if self.kind == SENTENCES:
            tags["feature-extraction"] = None
        license = f"license: {json.dumps(self.license)}" if self.license else f"# license: {ASKED}"
        lines = [f"library_name: {library}", f"pipeline_tag: {task}", license]
        if base:
            lines.append(f"base_model: {json.dumps(base)}")
        for name, values in (("language", self.languages), ("tags", tags)):
            if values:
                lines += [f"{name}:", *(f"- {json.dumps(value)}" for value in values)]
        known = {
            "data": self.data,
            "data_license": None if self.data else "",  # null: asked for
            "recipe": self.recipe,
            "seeds": list(self.seeds),
            "scores": [
                {"name": one.name, "value": one.value, "ci95": one.interval} for one in self.scores
            ],
            "command": self.command,
            "limits": list(self.limits),
        }
        own = [
            f"  {name}: {json.dumps(said, ensure_ascii=False)}"
            for name, said in known.items()
            if said or (said is None and name == "data_license")
        ]
        return [*lines, "minbert:", *own] if own else lines

    def _published_base(self) -> str | None:
        """The hub id of what the training began with, if that is published."""
        if self.base_model in KNOWN:
            return KNOWN[self.base_model].repository or None
        base = self.base_model or ""
        return base if NAME.fullmatch(base) and not Path(base).exists() else None

    def to_markdown(self) -> str:
        """The whole file."""
        base = self.base_model
        if base and base not in KNOWN and not self._published_base():
            base = f"{Path(base).name} (a folder of whoever made this)"
        parts = ["---", *self.front_matter(), "---", "", f"# {self.title}", ""]
        rows = [
            ("began with", base),
            ("sentence vectors", self.vectors),
            ("data", self.data),
            ("recipe", self.recipe),
            ("seeds", ", ".join(map(str, self.seeds))),
            ("versions", ", ".join(f"{name} {said}" for name, said in self.versions.items())),
            ("licence of the model", self.license or f"not said: {ASKED}"),
            ("licence of the data", f"not said: {ASKED}" if self.data else None),
        ]
        parts += ["| | |", "| --- | --- |"]
        parts += [f"| {name} | {_cell(said)} |" for name, said in rows if said]
        if self.kind in USE:
            parts += ["", "## Use", "", USE[self.kind]]
        if self.scores:
            parts += ["", "## Measured", "", "| | value | 95 % interval |", "| --- | ---: | --- |"]
            parts += [
                f"| {_cell(one.name)} | {one.value:.3f} | "
                + (
                    f"{one.interval[0]:.3f} to {one.interval[1]:.3f} |"
                    if one.interval
                    else "none |"
                )
                for one in self.scores
            ]
        if self.command:
            parts += ["", "## Made by", "", "```", self.command, "```"]
        if self.limits:
            parts += ["", "## Limits", "", *(f"- {limit}" for limit in self.limits)]
        if self.extra:
            parts += ["", self.extra]
        return "\n".join(parts) + "\n"

    def write(self, folder: str | Path) -> None:
        """Write `README.md`; an earlier one is replaced."""
        (Path(folder) / CARD).write_text(self.to_markdown(), encoding="utf-8")

    def with_license(self, license: str) -> ModelCard:
        """The same with a licence."""
        return replace(self, license=license)


LIMITS = (
    "Measure it on your own texts before you rely on it.",
    "Nothing was done about bias in the texts that it learned from.",
)
"""Of every model."""


def vectors_in_words(pooling: str, normalize: bool, max_length: int) -> str:
    """How sentence vectors are made, for `ModelCard.vectors`."""
    how = {
        "pooler": "the paper's pooler, tanh of a linear map of [CLS]",
        "cls": "the last state of [CLS]",
        "mean": "mean over all tokens",
        "max": "largest value of each feature over all tokens",
    }[pooling]
    norm = ", scaled to length 1" if normalize else ""
    return f"{how}{norm}; rows are cut at {max_length} word pieces"


def has_license(text: str) -> bool:
    """Whether the front matter of a card says a licence."""
    matter = text.partition("---\n")[2].partition("\n---")[0]
    return re.search(r"^license: *\S", matter, re.MULTILINE) is not None


def say_license(text: str, license: str) -> str:
    """A card with a licence in its front matter, where it says none yet.

    Raises:
        ValueError: it says one already, or has no front matter.
    """
    if has_license(text):
        raise ValueError("the card says a licence already: change it in README.md")
    start, mark, rest = text.partition("---\n")
    if start.strip() or not mark:
        raise ValueError("README.md has no front matter between two ---: expected a model card")
    rest = re.sub(r"^# license:.*\n", "", rest, count=1, flags=re.MULTILINE)
    return f"---\nlicense: {json.dumps(license)}\n{rest}"


def _cell(text: str) -> str:
    """Text that may be in a table."""
    return " ".join(text.split()).replace("|", "\\|")
