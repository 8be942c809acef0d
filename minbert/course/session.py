"""What the first cell of every notebook makes: the tier, its data and models, said aloud."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from IPython import get_ipython

from minbert.course.build_track.using import use
from minbert.course.checks.base import Verdict
from minbert.course.claims import Claim, keep
from minbert.course.journal import Journal
from minbert.course.questions import Question
from minbert.course.recorded import Recorded, recorded
from minbert.course.tiers import TIERS, Tier, choose_tier, live_data
from minbert.data.examples import CourseData
from minbert.encoder import Encoder
from minbert.experiments.cache import StageCache, default_folder
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.memory import give_back
from minbert.precision import resolve_device, resolve_precision
from minbert.pretrained import from_pretrained
from minbert.threads import granted_cores, share_the_machine
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.recipe import Preset, Recipe, preset_for, recipe_for


def start(
    notebook: str, tier: str | None = None, data: str | None = None, seed: int | None = None
) -> Session:
    """Begin a notebook: choose the tier, fix what must be fixed, and say on what all this runs.

    Args:
        notebook: its name, for example `02_attention`.
        tier: `lab` (default), `real` or `paper`; without, MINBERT_TIER.
        data: folder of the CS224N files, for the latter two; without, MINBERT_DATA.
        seed: of the lab's classroom corpus; without, MINBERT_LAB_SEED, or the recorded one.

    Raises:
        ValueError: see `choose_tier`.
    """
    session = Session(notebook, choose_tier(tier, data, seed))
    # What is imported by now stays for good: the garbage collector need not go through it again,
    # which would make an explorer wait for a third of a second, now and then.
    gc.freeze()
    torch.manual_seed(0)
    # Training takes more threads by itself while nobody else wants the machine.
    share_the_machine(1 if session.tier.name == "lab" else granted_cores())
    _log_to_the_page()
    _give_back_after_cells()
    print(session.description)
    return session


class Session:
    """A notebook's data and models; everything is loaded when it is first asked for."""

    def __init__(self, notebook: str, tier: Tier) -> None:
        self.notebook = notebook
        self.tier = tier
        self.device = resolve_device("cpu" if tier.name == "lab" else "auto")
        self.journal = Journal(tier.name)

    @property
    def is_lab(self) -> bool:
        """Whether this is the lab: synthetic data, where findings are asserted."""
        return self.tier.name == "lab"

    @property
    def description(self) -> str:
        """The tier in one sentence: first output of every notebook."""
        if self.is_lab:
            return (
                f"Tier: lab. Classroom corpus (synthetic), seed {self.tier.data.split(':')[1]}; "
                f"encoder {self.tier.encoder}; fp32."
            )
        return f"Tier: {self.tier.name}. {self.data.note}; encoder {self.tier.encoder}."

    @cached_property
    def data(self) -> CourseData:
        """The tier's data; on real data a sample, which the note says."""
        return live_data(self.tier)

    @cached_property
    def _original(self) -> tuple[Encoder, WordPieceTokenizer]:
        return from_pretrained(self.tier.encoder)

    @property
    def encoder(self) -> Encoder:
        """The tier's encoder as it comes, in eval mode; `load` gives one to train."""
        return self._original[0]

    @property
    def tokenizer(self) -> WordPieceTokenizer:
        """The tier's tokenizer."""
        return self._original[1]

    def load(self) -> Encoder:
        """A fresh copy of the tier's encoder, in eval mode, to be changed at will."""
        return from_pretrained(self.tier.encoder)[0]

    @property
    def recipe(self) -> Recipe:
        """What is trained."""
        return recipe_for(None, self.tier.preset, self.tier.encoder)

    @property
    def preset(self) -> Preset:
        """How long."""
        return preset_for(self.tier.preset, self.tier.encoder)

    @cached_property
    def experiment(self) -> Experiment:
        """The same experiment that `minbert reproduce` runs, with the same cache of stages."""
        return Experiment(
            data=self.data,
            encoder_name=self.tier.encoder,
            recipe=self.recipe,
            preset=self.preset,
            precision=resolve_precision(self.preset.precision, self.device),
            device=self.device,
            cache=StageCache(default_folder()),
        )

    @cached_property
    def grid(self) -> Grid:
        """The paper's arms; a stage that some notebook or command has run is not run again."""
        return Grid(self.experiment)

    def stage(self, *path: str, seed: int = 0) -> Path:
        """Folder of the encoder after the given stages (`mlm`, `mnrl`), trained now if need be."""
        return self.grid.encoder_folder(path, seed)

    def encoder_after(self, *path: str, seed: int = 0) -> Encoder:
        """The encoder after the given stages, in eval mode; without stages the original one."""
        return from_pretrained(str(self.stage(*path, seed=seed)))[0].to(self.device)

    @cached_property
    def recorded(self) -> Recorded:
        """The recorded grid of this tier."""
        return recorded(self.tier.recording)

    def use(self, file: str | Path | ModuleType, *pieces: int) -> Any:
        """Pieces of the build track: the learner's where they are right, else the library's.

        Says of each piece that is asked for whose it is. The file is checked in a process of its
        own, which takes some seconds.

        Args:
            file: `my_minbert.py` beside the notebook, or the module; it need not be there.
            pieces: their numbers.

        Returns:
            An object with the names of all ten pieces.

        Raises:
            ValueError: there is no piece with such a number.
        """
        found, said = use(file, pieces)
        print("\n".join(said))
        return found

    def yours(
        self, check: Callable[[Any], Verdict], mine: Callable[..., Any], otherwise: Any
    ) -> Any:
        """A learner's function to go on with, if its checker finds it right; says whose it is.

        Args:
            check: of the exercise.
            mine: the learner's.
            otherwise: what the notebook goes on with if it is not right.
        """
        right = check(mine).passed
        whose = "yours" if right else "not right yet: the library's is used"
        print(f"{mine.__name__}: {whose}")
        return mine if right else otherwise

    def predict(
        self, key: str, question: str, choices: Sequence[str], guess: str | None = None
    ) -> None:
        """Ask for a prediction before something is run; 10_results shows it beside the outcome.

        Args:
            key: short name of the question, unique in the notebook.
            question: what is to be predicted.
            choices: possible answers.
            guess: one of them, for those who write rather than click.
        """
        Question(self.journal, f"{self.notebook}/{key}", question, choices, guess).show()

    def outcome(self, key: str, value: object) -> None:
        """Keep what came out, under the key of the prediction; a number is rounded first."""
        shown = f"{value:z.3f}" if isinstance(value, float) else value
        self.journal.write(f"{self.notebook}/{key}", outcome=shown)

    def claim(self, sentence: str, holds: bool) -> None:
        """State a finding and hold it to the numbers.

        A finding that does not hold is news, not an error: it is printed as not found, and the
        notebook goes on. On the lab it may be the processor's rounding, on other data the data.

        Args:
            sentence: the finding, as the text states it.
            holds: the comparison that decides, with its control.
        """
        keep(Claim(self.notebook, sentence, bool(holds)))
        print(f"{'Found' if holds else self.not_found}: {sentence}")

    @property
    def not_found(self) -> str:
        """How a finding that does not hold is announced."""
        recorded_data = self.tier.data == TIERS["lab"].data
        return "NOT found on this machine" if recorded_data else "NOT found on these data"

    def in_band(self, name: str, value: float, band: tuple[float, float]) -> None:
        """Claim that a live number lies in its recorded band."""
        low, high = band
        self.claim(
            f"{name} lies where the recorded seeds say, between {low:z.3f} and {high:z.3f}",
            low <= value <= high,
        )


class _Page(logging.StreamHandler):
    """Writes to whatever stdout is at the moment: the output of the running cell."""

    def emit(self, record: Any) -> None:
        self.stream = sys.stdout
        super().emit(record)


def _give_back_after_cells() -> None:
    """A kernel that waits for its reader holds no free memory: many share a server."""
    shell = get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", _after_cell)


def _after_cell(result: object) -> None:
    give_back()


def _log_to_the_page() -> None:
    """Warnings of the library as plain sentences in the cell's output, once."""
    logger = logging.getLogger("minbert")
    if not any(isinstance(handler, _Page) for handler in logger.handlers):
        handler = _Page(sys.stdout)
        handler.setLevel(logging.WARNING)
        handler.setFormatter(logging.Formatter("note: %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
