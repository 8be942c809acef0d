"""How a piece is judged: case by case against the library's own, then against known mistakes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from minbert.course.build_track import library, seeding
from minbert.course.build_track.comparing import (
    Places,
    Raised,
    Said,
    agree,
    difference,
    is_statement,
)
from minbert.course.build_track.errors import in_words
from minbert.course.build_track.skeleton import KEY
from minbert.course.build_track.variants import (
    LIBRARY,
    Edits,
    Mistake,
    OtherForm,
    variant,
)
from minbert.course.checks.base import Verdict, WrongAnswer

UNWRITTEN = Said("not written yet")


@dataclass(frozen=True)
class Case:
    """One thing that is tried."""

    name: str
    """Ends a sentence: `with a mask`."""
    run: Callable[[Any], Any]
    """Takes the pieces, makes its own inputs, and gives the result: tensors, numbers, tuples."""
    given: str = ""
    """The shapes of the inputs, for errors."""
    places: Places = ()
    """Where a difference may lie."""


@dataclass(frozen=True)
class Checker:
    """What one piece must do, and what people do instead."""

    number: int
    cases: Sequence[Case]
    mistakes: Sequence[Mistake]
    praise: str
    other_forms: Sequence[OtherForm] = ()

    def __call__(self, pieces: Any, file: str = str(KEY)) -> Verdict:
        """Judge a piece.

        Args:
            pieces: has the piece's names, and the library's for all other pieces.
            file: where the piece stands, for the lines of its errors.
        """
        return self.verdict(self.answers(pieces, file))

    def answers(self, pieces: Any, file: str = str(KEY)) -> list[Any]:
        """What a piece gives, case by case: results, or the sentences that cases ended with."""
        return [outcome(case, pieces, file) for case in self.cases]

    def verdict(self, answers: Sequence[Any]) -> Verdict:
        """Judge what a piece gave: nothing of it is run here.

        Args:
            answers: of all cases, from `answers`.
        """
        right = [_known_outcome(self, at, None) for at in range(len(self.cases))]
        wrong = [at for at, answer in enumerate(answers) if not agree(answer, right[at])]
        if not wrong:
            return Verdict(True, self.praise)
        unwritten = [answer for answer in answers if answer == UNWRITTEN]
        if unwritten:
            part = "" if len(unwritten) == len(answers) else ", not all of it"
            return Verdict(False, f"{UNWRITTEN.sentence}{part}")
        for form in self.other_forms:
            if len(self._explained(answers, form.edits)) == len(answers):
                return Verdict(True, f"{self.praise} {form.note}")
        return Verdict(False, self._diagnosis(answers, right, wrong))

    def _explained(self, answers: Sequence[Any], edits: Edits) -> set[int]:
        """The cases in which a known form gives the same."""
        return {
            at
            for at, answer in enumerate(answers)
            if agree(answer, _known_outcome(self, at, edits))
        }

    def _diagnosis(self, answers: Sequence[Any], right: list[Any], wrong: list[int]) -> str:
        """The mistake that explains most of what is wrong; else the first difference in words.

        One that would also spoil a case that is right is only named where nothing else explains
        anything, and then only if it explains all that is wrong, by more than a yes or no: a
        piece may have the same thing twice, and wrong once.
        """
        fine = set(range(len(answers))) - set(wrong)
        telling = any(not is_statement(right[at]) for at in wrong)
        most, sentence, elsewhere = 0, "", ""
        for known in self.mistakes:
            explained = self._explained(answers, known.edits)
            if fine <= explained and len(explained - fine) > most:
                most, sentence = len(explained - fine), known.sentence
            if telling and not elsewhere and not set(wrong) - explained:
                elsewhere = known.sentence
        if not most and elsewhere:
            return elsewhere
        if most == len(wrong):
            return sentence
        if 2 * most >= len(wrong):
            return f"{sentence} (this explains {most} of {len(wrong)} cases that differ)"
        case = self.cases[wrong[0]]
        others = ", ".join(self.cases[at].name for at in sorted(fine)[:3])
        said = f"{case.name}: {difference(answers[wrong[0]], right[wrong[0]], case.places)}"
        return said + (f"; right: {others}" if fine else "")


_KNOWN: dict[tuple[int, int, int, Edits | None], Any] = {}


def _known_outcome(checker: Checker, at: int, edits: Edits | None) -> Any:
    """What a known form gives in a case, tried once; without edits, the library's own piece."""
    key = (seeding.teachers(), checker.number, at, edits)
    if key not in _KNOWN:
        pieces = LIBRARY if edits is None else variant(checker.number, edits)
        _KNOWN[key] = outcome(checker.cases[at], pieces, str(KEY))
    return _KNOWN[key]


def outcome(case: Case, pieces: Any, file: str) -> Any:
    """What a case gives, or the sentence that it ended with."""
    torch.manual_seed(seeding.moved(7))
    try:
        return case.run(pieces)
    except WrongAnswer as error:
        return Said(str(error))
    except NotImplementedError as error:
        if "not written yet" in str(error):
            return UNWRITTEN
        return Raised("NotImplementedError", str(error), in_words(error, file, case.given))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the learner's code may raise anything, or leave
        return Raised(type(error).__name__, str(error), in_words(error, file, case.given))


def draw(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Normal numbers that depend on the seed alone."""
    numbers = torch.randn(*shape, generator=seeding.generator(seed), dtype=torch.float64)
    return numbers.to(dtype)


def whole(seed: int, low: int, high: int, *shape: int) -> Tensor:
    """Whole numbers from low to high - 1 that depend on the seed alone."""
    return torch.randint(low, high, shape, generator=seeding.generator(seed))


def twin(pieces: Any, name: str, *arguments: Any, dtype: torch.dtype = torch.float32) -> Any:
    """A module with random weights that depend on the names of its parameters alone.

    So the library's module and a learner's have the same ones, in evaluation mode.

    Raises:
        WrongAnswer: its parameters are not those of the library's module.
    """
    module = getattr(pieces, name)(*arguments)
    if not isinstance(module, nn.Module):
        raise WrongAnswer(f"{name} must be an nn.Module, got a {type(module).__name__}")
    wanted = dict(getattr(library, name)(*arguments).named_parameters())
    own = dict(module.named_parameters())
    _check_parameters(name, own, wanted)
    with torch.no_grad():
        for key, parameter in own.items():
            values = draw(zlib.crc32(key.encode()), *parameter.shape)
            if key == "LayerNorm.weight" or key.endswith(".LayerNorm.weight"):
                values = 1 + 0.3 * values
            else:
                values = 0.3 * values
            parameter.copy_(values)
    return module.to(dtype).eval()


def _check_parameters(name: str, own: dict[str, Any], wanted: dict[str, Any]) -> None:
    missing, extra = sorted(wanted.keys() - own.keys()), sorted(own.keys() - wanted.keys())
    if missing and extra:
        raise WrongAnswer(f"{name} has a parameter {extra[0]}, expected one named {missing[0]}")
    if missing:
        raise WrongAnswer(f"{name} has no parameter {missing[0]}")
    if extra:
        raise WrongAnswer(f"{name} has a parameter too many: {extra[0]}")
    for key, parameter in wanted.items():
        if own[key].shape != parameter.shape:
            shapes = f"{tuple(parameter.shape)}, got {tuple(own[key].shape)}"
            raise WrongAnswer(f"{key} of {name} must have the shape {shapes}")
