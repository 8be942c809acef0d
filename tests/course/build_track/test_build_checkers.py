"""The key is right, every known mistake is named, and other correct forms are right as well."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minbert.course.build_track.blocks import cut
from minbert.course.build_track.checkers import adamw
from minbert.course.build_track.key import AdamW, accuracy, train
from minbert.course.build_track.pieces import PIECES, Piece
from minbert.course.build_track.skeleton import skeleton
from minbert.course.build_track.variants import LIBRARY, Names, variant
from minbert.training.loop import RunContext, train as library_train
from minbert.training.recipe import StageSettings

PIECE = {piece.number: piece for piece in PIECES}
of_piece = pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.title)


def with_names(number: int, **names: Any) -> Any:
    """The key's piece with some names of one's own."""
    return Names({}, {**vars_of(number), **names}, ())


def vars_of(number: int) -> dict[str, Any]:
    return {name: getattr(variant(number, ()), name) for name in PIECE[number].names}


@of_piece
def test_the_key_is_right(piece: Piece) -> None:
    verdict = piece.check(variant(piece.number, ()))
    assert verdict.passed, verdict.message


@of_piece
def test_the_library_is_right(piece: Piece) -> None:
    assert piece.check(LIBRARY).passed


@of_piece
def test_every_known_mistake_is_named(piece: Piece) -> None:
    """Each is made by an edit of the key, and no other sentence is said of it."""
    sentences = [mistake.sentence for mistake in piece.check.mistakes]
    assert len(sentences) >= 8
    assert len(set(sentences)) == len(sentences)
    for mistake in piece.check.mistakes:
        verdict = piece.check(variant(piece.number, mistake.edits))
        assert not verdict.passed and verdict.message == mistake.sentence


@of_piece
def test_an_unwritten_piece_is_said_to_be_unwritten(piece: Piece) -> None:
    module: dict[str, Any] = {"__name__": "minbert.course.build_track.key"}
    exec(compile(skeleton(), "skeleton", "exec"), module)
    own = {name: module[name] for name in piece.names}
    others = tuple(name for other in PIECES if other.number != piece.number for name in other.names)
    verdict = piece.check(Names(module, own, others))
    assert str(verdict) == "Not yet: not written yet"


@of_piece
def test_no_sentence_is_torchs(piece: Piece) -> None:
    """Messages of torch name neither our arguments nor our axes."""
    for mistake in piece.check.mistakes:
        assert "size of tensor" not in mistake.sentence and "mat1" not in mistake.sentence


@pytest.mark.parametrize("form", adamw.OTHER_FORMS, ids=["eps", "late", "both"])
def test_other_forms_of_adamw_are_right_and_are_told_the_difference(form: Any) -> None:
    verdict = PIECE[5].check(variant(5, form.edits))
    assert verdict.passed and form.note in verdict.message and "torch" in verdict.message


class StarterAdamW(torch.optim.Optimizer):
    """As a well-known course's starter code asks for it: correction in the step, decay last."""

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6, weight_decay: float = 0.0, correct_bias: bool = True,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "betas": betas, "eps": eps, "correct": correct_bias}
        super().__init__(params, {**settings, "weight_decay": weight_decay})

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state, (beta1, beta2) = self.state[parameter], group["betas"]
                if not state:
                    state.update(t=0, m=torch.zeros_like(parameter), v=torch.zeros_like(parameter))
                state["t"] += 1
                state["m"] = beta1 * state["m"] + (1 - beta1) * parameter.grad
                state["v"] = beta2 * state["v"] + (1 - beta2) * parameter.grad.square()
                length = group["lr"]
                if group["correct"]:
                    length *= math.sqrt(1 - beta2 ** state["t"]) / (1 - beta1 ** state["t"])
                update = length * state["m"] / (state["v"].sqrt() + group["eps"])
                parameter.data = parameter.data - update
                decay = group["lr"] * group["weight_decay"]
                parameter.data = parameter.data - decay * parameter.data


def test_adamw_as_the_starter_code_has_it() -> None:
    verdict = PIECE[5].check(SimpleNamespace(AdamW=StarterAdamW))
    assert verdict.passed, verdict.message
    assert "eps acts on the uncorrected root" in verdict.message
    assert "Decay comes after the step" in verdict.message


def test_torchs_own_adamw_is_right_without_a_note() -> None:
    verdict = PIECE[5].check(SimpleNamespace(AdamW=torch.optim.AdamW))
    assert verdict.passed and "torch" not in verdict.message


def added(query: Tensor, key: Tensor, value: Tensor, allowed: Any = None, dropout: float = 0.0):
    """A mask that is added, as Hugging Face had it."""
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / math.sqrt(query.shape[-1])
    if allowed is not None:
        scores = scores + (~allowed) * -1e9
    weights = torch.softmax(scores, dim=-1)
    return torch.matmul(F.dropout(weights, dropout), value), weights


class WithPlaces(nn.Module):
    """Positions in a buffer, as published code has them."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, hidden)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, hidden)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        places = torch.arange(config.max_position_embeddings).unsqueeze(0)
        self.register_buffer("position_ids", places)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        total = self.position_embeddings(self.position_ids[:, : input_ids.size(1)])
        total = total + self.word_embeddings(input_ids)
        if token_type_ids is None:
            total = total + self.token_type_embeddings.weight[0]
        else:
            total = total + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(total))


def by_hand(logits: Tensor, labels: Tensor) -> Tensor:
    """Only the hidden places are counted, by weights."""
    hidden = (labels != -100).to(logits.dtype)
    picked = logits.log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None]).squeeze(-1)
    return -(picked * hidden).sum() / hidden.sum()


def ignoring(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits.transpose(1, 2), labels)


def by_logsumexp(
    a: Tensor, b: Tensor, similar: Any = None, scale: float = 1.0, clusters: Any = None
):
    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    scores = scale * torch.einsum("id,jd->ij", a, b)
    own = scores.diagonal()
    if clusters is not None:
        same = clusters.unsqueeze(0).eq(clusters.unsqueeze(1)).fill_diagonal_(False)
        scores = scores + same * -1e9
    losses = scores.logsumexp(dim=1) - own
    return losses.mean() if similar is None else losses[similar].mean()


def with_torchs_padding(ids: Any, pad_id: int) -> tuple[Tensor, Tensor]:
    rows = [torch.tensor(row) for row in ids]
    ones = [torch.ones_like(row) for row in rows]
    pad = nn.utils.rnn.pad_sequence
    return pad(rows, batch_first=True, padding_value=pad_id), pad(ones, batch_first=True)


def with_zip_longest(*sources: Any):
    nothing = object()
    for turn in itertools.zip_longest(*sources, fillvalue=nothing):
        yield from ((number, item) for number, item in enumerate(turn) if item is not nothing)


def other_buckets(lengths: Any, batch_size: int, generator: Any, pool_batches: int = 50):
    """Noise instead of pools would not do; another use of the generator does."""
    rows = torch.rand(len(lengths), generator=generator).argsort().tolist()
    size, batches = batch_size * pool_batches, []
    while rows:
        pool, rows = rows[:size], rows[size:]
        pool.sort(key=lambda row: -lengths[row])
        while pool:
            batches.append(pool[-batch_size:])
            del pool[-batch_size:]
    return [batches[at] for at in torch.rand(len(batches), generator=generator).argsort().tolist()]


class LikeHeads(nn.Module):
    """A paraphrase head that takes its logit by index."""

    def __init__(self, hidden_size: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.dense, self.drop = nn.Linear(2 * hidden_size, 1), dropout

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        read = torch.hstack([first, second])
        return self.dense(F.dropout(read, self.drop, self.training))[:, 0]


def five_cosines(first: Tensor, second: Tensor) -> Tensor:
    lengths = first.norm(dim=1) * second.norm(dim=1)
    return 5 * F.relu((first * second).sum(1) / lengths)


FORMS = {
    "added mask": (1, {"scaled_dot_product_attention": added}),
    "positions in a buffer": (2, {"Embeddings": WithPlaces}),
    "loss by hand": (6, {"masked_language_model_loss": by_hand}),
    "loss that ignores": (6, {"masked_language_model_loss": ignoring}),
    "logit by index": (7, {"ParaphraseHead": LikeHeads, "similarity_score": five_cosines}),
    "ranking by logsumexp": (8, {"multiple_negatives_ranking": by_logsumexp}),
    "torch's padding": (9, {"pad_batch": with_torchs_padding, "round_robin": with_zip_longest}),
    "other buckets": (9, {"length_bucketed": other_buckets}),
}


@pytest.mark.parametrize("name", FORMS)
def test_other_correct_forms_are_right(name: str) -> None:
    number, names = FORMS[name]
    verdict = PIECE[number].check(with_names(number, **names))
    assert verdict.passed, verdict.message


def unscaled(query: Tensor, key: Tensor, value: Tensor, allowed: Any = None, dropout: float = 0.0):
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key)
    if allowed is not None:
        scores = torch.where(allowed, scores, -1e9)
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    weights = powers / powers.sum(-1, keepdim=True)
    return F.dropout(weights, dropout) @ value, weights


class Uncorrected(StarterAdamW):
    """The starter's form, with its bias correction switched off."""

    def __init__(self, params: Any, **settings: Any) -> None:
        super().__init__(params, **settings, correct_bias=False)


class WithSecondNorm(WithPlaces):
    """The published form, with a norm that does not follow the configuration."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.LayerNorm = nn.LayerNorm(config.hidden_size)


def with_all_places(logits: Tensor, labels: Tensor) -> Tensor:
    losses = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
    return losses.mean()


def with_dots(first: Tensor, second: Tensor) -> Tensor:
    return 5 * torch.einsum("bd,bd->b", first, second).relu()


def by_temperature(
    a: Tensor, b: Tensor, similar: Any = None, scale: float = 1.0, clusters: Any = None
):
    return by_logsumexp(a, b, similar, 1 / scale, clusters)


def padded_left(ids: Any, pad_id: int) -> tuple[Tensor, Tensor]:
    width = max(map(len, ids))
    filled, mask = torch.full((len(ids), width), pad_id), torch.zeros(len(ids), width).long()
    for at, row in enumerate(ids):
        filled[at, width - len(row) :] = torch.tensor(row)
        mask[at, width - len(row) :] = 1
    return filled, mask


def by_batches(batches: Any, answer: Any) -> float:
    shares = []
    for batch in batches:
        scores, labels = answer(batch)
        shares.append((scores.argmax(1) == labels).float().mean())
    return float(torch.stack(shares).mean())


THEIR_OWN = {
    "not scaled": (1, {"scaled_dot_product_attention": unscaled}, "not divided by the root"),
    "no correction": (5, {"AdamW": Uncorrected}, "not corrected for their start at zero"),
    "torch's eps": (2, {"Embeddings": WithSecondNorm}, "LayerNorm has torch's eps"),
    "all places": (6, {"masked_language_model_loss": with_all_places}, "over all places"),
    "dot product": (7, {"similarity_score": with_dots}, "this is the dot product"),
    "temperature": (8, {"multiple_negatives_ranking": by_temperature}, "divided by the scale"),
    "on the left": (9, {"pad_batch": padded_left}, "padding stands on the left"),
    "batch means": (10, {"accuracy": by_batches}, "accuracy is the mean over batches"),
}


@pytest.mark.parametrize("name", THEIR_OWN)
def test_mistakes_are_named_in_code_that_is_written_otherwise(name: str) -> None:
    """Nothing of it is the key's: what counts is what it gives."""
    number, names, expected = THEIR_OWN[name]
    verdict = PIECE[number].check(with_names(number, **names))
    assert not verdict.passed and expected in verdict.message


WRONG = {
    "a shape": (
        8,
        {"multiple_negatives_ranking": lambda a, b, *more, **other: (a @ b.T)[0]},
        "vectors that are not normalised: expected the shape (), got (5,)",
    ),
    "a factor": (
        7,
        {"similarity_score": lambda first, second: 0.4 * five_cosines(first, second)},
        "similarity: ",
    ),
    "nothing": (7, {"similarity_score": lambda first, second: None}, "is a `return` missing?"),
    "no tensor": (7, {"similarity_score": lambda first, second: 3}, "expected a tensor of shape"),
    "a list of one": (9, {"round_robin": lambda *sources: [(0, "a")]}, "expected 7 results, got 1"),
    "not a number": (
        7,
        {"similarity_score": lambda first, second: five_cosines(first, second) / 0 * 0},
        "values are NaN",
    ),
    "what does not hold": (
        9,
        {"length_bucketed": lambda lengths, size, *more: [list(range(len(lengths)))]},
        "sizes of the batches: expected [7, 8, 8",
    ),
    "no module": (7, {"SentimentHead": lambda *sizes: 4}, "must be an nn.Module, got a int"),
    "another name": (
        2,
        {"Embeddings": lambda config: nn.Linear(2, 2)},
        "has a parameter bias, expected one named LayerNorm.bias",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_known_mistake_is_said_in_words(name: str) -> None:
    number, names, expected = WRONG[name]
    verdict = PIECE[number].check(with_names(number, **names))
    assert not verdict.passed and expected in verdict.message
    assert "tensor(" not in verdict.message and len(verdict.message) < 400


def test_shapes_that_do_not_fit_are_said_in_our_words() -> None:
    def wrong(query: Tensor, key: Tensor, value: Tensor, *more: Any, **other: Any) -> Any:
        return query @ key, value

    verdict = PIECE[1].check(with_names(1, scaled_dot_product_attention=wrong))
    assert "shapes do not fit (given: query, key and value (2, 3, 5, 4))" in verdict.message
    assert "mat" not in verdict.message.replace("matrix", "")


def test_a_statement_that_does_not_hold_is_said() -> None:
    def more(
        ids: Tensor, generator: Any, mask_id: int, special_ids: Any, probability: float = 0.15
    ):
        return LIBRARY.mask_tokens(ids, generator, mask_id, special_ids, probability**0.5)

    message = PIECE[6].check(with_names(6, mask_tokens=more)).message
    assert message.startswith("about 15 % are hidden: this is not so; right: every token hidden")


def test_where_values_differ_is_said() -> None:
    """A mask that is nearly right: the rest differ where it is 0."""

    def weak(query: Tensor, key: Tensor, value: Tensor, allowed: Any = None, dropout: float = 0.0):
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        if allowed is not None:
            scores = scores - 3.0 * ~allowed
        weights = scores.softmax(-1)
        return F.dropout(weights, dropout) @ value, weights

    verdict = PIECE[1].check(with_names(1, scaled_dot_product_attention=weak))
    assert not verdict.passed
    assert "% of the values agree; the rest differ in the text that is padded" in verdict.message


def test_two_mistakes_at_once_are_named_one_after_the_other() -> None:
    """The one that explains more is named first; without it the other one is."""
    mistakes = {known.sentence: known.edits for known in PIECE[5].check.mistakes}
    decay, root = (
        mistakes["weight decay is missing"],
        mistakes["the mean of the squares is not corrected for its start at zero"],
    )
    verdict = PIECE[5].check(variant(5, (*decay, *root)))
    assert verdict.message.startswith("the mean of the squares is not corrected")
    assert "cases that differ)" in verdict.message


def test_the_keys_loop_trains_as_the_librarys() -> None:
    """The answer file stands in for a loop in its own check, so it is held against the library."""
    torch.manual_seed(0)
    inputs, labels = torch.randn(24, 6), torch.randint(0, 3, (24,))
    mine = nn.Linear(6, 3)
    theirs = nn.Linear(6, 3)
    theirs.load_state_dict(mine.state_dict())
    batches = [list(range(at, at + 8)) for at in range(0, 24, 8)]
    settings = StageSettings(2, 8, 0.05, weight_decay=0.1, max_gradient_norm=0.5)
    library_train(
        theirs,
        lambda generator: [("x", batch) for batch in batches],
        lambda batch, generator: F.cross_entropy(theirs(inputs[batch[1]]), labels[batch[1]]),
        settings,
        RunContext(torch.device("cpu"), "fp32", 0),
        name="held",
        optimizer="adamw",
    )
    optimizer = AdamW(mine.parameters(), lr=0.05, weight_decay=0.1)

    def answer(batch: list[int]) -> tuple[Tensor, Tensor]:
        return mine(inputs[batch]), labels[batch]

    history = train(
        mine,
        optimizer,
        lambda epoch: batches,
        lambda batch: F.cross_entropy(*answer(batch)),
        2,
        lambda: accuracy(batches, answer),
        0.5,
    )
    assert torch.allclose(mine.weight, theirs.weight, atol=1e-6)
    right = (theirs(inputs).argmax(-1) == labels).float().mean().item()
    assert history[-1][1] == pytest.approx(right)


def test_the_skeletons_markers_are_the_keys() -> None:
    assert [block.title for block in cut(skeleton())[1:]] == [piece.title for piece in PIECES]
