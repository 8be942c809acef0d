"""BERT in one file: the model, its optimizer, its losses, its batches and its training.

You write ten pieces. What each name takes and gives is in its docstring; shapes are written
(batch, seq, hidden). Parameters must have the names that the docstrings give, or the published
weights find no place. `Config` is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Config:
    """The sizes of a model, under the names of its `config.json`. This class is given."""

    vocab_size: int = 3000
    hidden_size: int = 128
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    intermediate_size: int = 512
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0


# ===== Piece 1: attention =====
# A token asks (query), all tokens offer (key) and answer (value). Dividing by the root of the
# width keeps the scores near unit variance, so softmax does not saturate. The mask acts on scores.


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    allowed: Tensor | None = None,
    dropout: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Mix the values, weighted by how well each key answers the query.

    Args:
        query: (batch, head, query_seq, dim).
        key, value: (batch, head, seq, dim).
        allowed: (batch, 1, 1, seq) or any shape that fits the scores; True where a key may be
            looked at; None allows all. A query that may look at no key must not give NaN.
        dropout: probability that one weight is set to zero.

    Returns:
        The mixed values (batch, head, query_seq, dim), and the weights before dropout
        (batch, head, query_seq, seq): each row sums to 1.
    """
    dim = query.shape[-1]
    scores = query @ key.transpose(-2, -1) / dim**0.5
    if allowed is not None:
        scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    return F.dropout(weights, dropout) @ value, weights


class SelfAttention(nn.Module):
    """Multi-head self-attention.

    Parameters: `query`, `key`, `value`, each a linear layer (hidden to hidden). Head 0 reads the
    first hidden / heads features of each, head 1 the next ones. There is no output layer here.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.num_heads = config.num_attention_heads
        self.dropout = config.attention_probs_dropout_prob
        self.query = nn.Linear(config.hidden_size, config.hidden_size)
        self.key = nn.Linear(config.hidden_size, config.hidden_size)
        self.value = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, states: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Let each token look at all allowed ones.

        Args:
            states: (batch, seq, hidden).
            allowed: (batch, 1, 1, seq), True where a token may be looked at.

        Returns:
            The heads' results side by side, (batch, seq, hidden).
        """
        batch, seq, hidden = states.shape

        def heads(projected: Tensor) -> Tensor:
            return projected.view(batch, seq, self.num_heads, -1).transpose(1, 2)

        mixed, _ = scaled_dot_product_attention(
            heads(self.query(states)),
            heads(self.key(states)),
            heads(self.value(states)),
            allowed,
            self.dropout if self.training else 0.0,
        )
        return mixed.transpose(1, 2).reshape(batch, seq, hidden)


# ===== Piece 2: embeddings =====
# A word piece alone knows neither its place nor its sentence: position and segment are added to
# it. A sum is enough, for in many dimensions three vectors can be told apart in their sum.


class Embeddings(nn.Module):
    """Word piece + position + segment, then LayerNorm and dropout.

    Parameters: `word_embeddings`, `position_embeddings`, `token_type_embeddings` (each
    nn.Embedding), `LayerNorm` (with the configuration's eps).
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(
            config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id
        )
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Look the three rows of each token up and add them.

        Args:
            input_ids: (batch, seq).
            token_type_ids: (batch, seq), 0 or 1; None means 0 everywhere.

        Returns:
            (batch, seq, hidden).
        """
        words = self.word_embeddings(input_ids)
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        positions = self.position_embeddings(places)
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        segments = self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(words + positions + segments))


# ===== Piece 3: the layer =====
# Attention moves information between tokens, the feed-forward network works on each alone. What
# comes out is added to what went in, so that gradients have a straight way down; the norm follows.


class AddAndNorm(nn.Module):
    """Project a result, add it to what went in, normalise the sum.

    Parameters: `dense` (in_features to hidden), `LayerNorm` (with the configuration's eps).
    """

    def __init__(self, in_features: int, config: Config) -> None:
        super().__init__()
        self.dense = nn.Linear(in_features, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, result: Tensor, residual: Tensor) -> Tensor:
        """Add and normalise; dropout acts on the projected result.

        Args:
            result: (batch, seq, in_features).
            residual: (batch, seq, hidden), what the sub-layer was given.

        Returns:
            (batch, seq, hidden).
        """
        projected = self.dropout(self.dense(result))
        return self.LayerNorm(residual + projected)


class Layer(nn.Module):
    """Self-attention, then a feed-forward network (GELU, exact) on each token.

    Parameters: `attention.self` (SelfAttention), `attention.output` (AddAndNorm),
    `intermediate.dense` (hidden to intermediate), `output` (AddAndNorm). `attention` and
    `intermediate` are containers: a bare nn.Module() serves.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention = nn.Module()
        self.attention.self = SelfAttention(config)
        self.attention.output = AddAndNorm(config.hidden_size, config)
        self.intermediate = nn.Module()
        self.intermediate.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, states: Tensor, allowed: Tensor | None = None) -> Tensor:
        """One layer.

        Args:
            states: (batch, seq, hidden).
            allowed: (batch, 1, 1, seq), True where a token may be looked at.

        Returns:
            (batch, seq, hidden).
        """
        mixed = self.attention.self(states, allowed)
        attended = self.attention.output(mixed, states)
        inner = F.gelu(self.intermediate.dense(attended))
        return self.output(inner, attended)


# ===== Piece 4: encoder and pooler =====
# Layers of one kind, one after the other. Only the pooler turns tokens into one vector: it reads
# the first one, [CLS], which has no meaning of its own and can collect that of the others.


class Pooler(nn.Module):
    """tanh of a linear map of the first token. Parameter: `dense` (hidden to hidden)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, states: Tensor) -> Tensor:
        """From (batch, seq, hidden) to (batch, hidden)."""
        first = states[:, 0]
        return self.dense(first).tanh()


class Encoder(nn.Module):
    """BERT without heads.

    Parameters: `embeddings`, `encoder.layer` (nn.ModuleList of Layer; `encoder` is a container),
    `pooler`.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.pooler = Pooler(config)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Encode a padded batch.

        Args:
            input_ids: (batch, seq).
            attention_mask: (batch, seq), 1 on words and 0 on padding; None: nothing is padded.
            token_type_ids: (batch, seq); None means 0 everywhere.

        Returns:
            All hidden states, each (batch, seq, hidden): the embeddings, then the result of each
            layer. And the pooled vector, (batch, hidden).
        """
        allowed = None
        if attention_mask is not None:
            allowed = attention_mask[:, None, None, :].bool()
        states = self.embeddings(input_ids, token_type_ids)
        hidden_states = [states]
        for layer in self.encoder.layer:
            states = layer(states, allowed)
            hidden_states.append(states)
        return tuple(hidden_states), self.pooler(states)


def load_encoder(folder: str | Path) -> Encoder:
    """Read a published encoder: `config.json` and `model.safetensors` of a folder.

    A file of the masked language model has `bert.` before each name of the encoder, and beside
    them the head's, which begin with `cls.`. Other files have neither. Every parameter must get
    its tensor.

    Returns:
        The encoder in evaluation mode.
    """
    values = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    known = {field.name for field in fields(Config)}
    encoder = Encoder(Config(**{name: values[name] for name in known & set(values)}))
    tensors = load_file(Path(folder) / "model.safetensors")
    weights = {
        name.removeprefix("bert."): tensor
        for name, tensor in tensors.items()
        if not name.startswith("cls.") and not name.endswith("position_ids")
    }
    encoder.load_state_dict(weights, strict=True)
    return encoder.eval()


# ===== Piece 5: AdamW =====
# Each weight gets steps of about the same size, whatever the size of its gradient. Both running
# means begin at zero and are too small at first, which is corrected. Decay goes past the means.


class AdamW:
    """Adam with decoupled weight decay.

    The attribute `params` is the list of tensors. You may inherit from torch.optim.Optimizer.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.params = list(params)
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.steps = [0 for _ in self.params]
        self.means = [torch.zeros_like(one) for one in self.params]
        self.squares = [torch.zeros_like(one) for one in self.params]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.params:
            parameter.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient by one step, in place.

        m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g², both corrected for their start
        at zero; then the parameter loses lr m / (sqrt(v) + eps), and lr · weight_decay of itself.
        """
        beta1, beta2 = self.betas
        with torch.no_grad():
            for number, parameter in enumerate(self.params):
                gradient = parameter.grad
                if gradient is None:
                    continue
                self.steps[number] += 1
                count = self.steps[number]
                parameter.mul_(1 - self.lr * self.weight_decay)
                mean = self.means[number].mul_(beta1).add_(gradient, alpha=1 - beta1)
                square = self.squares[number].mul_(beta2).add_(gradient**2, alpha=1 - beta2)
                mean = mean / (1 - beta1**count)
                square = square / (1 - beta2**count)
                parameter.sub_(self.lr * mean / (square.sqrt() + self.eps))


# ===== Piece 6: masking and its head =====
# Words are hidden and guessed from both sides. Only hidden places count: the others are in the
# input. The decoder is the word embedding itself: to guess a word is to come near its vector.


def mask_tokens(
    ids: Tensor,
    generator: torch.Generator,
    mask_id: int,
    special_ids: Sequence[int],
    probability: float = 0.15,
) -> tuple[Tensor, Tensor]:
    """Hide each token that is not special with a probability, independently.

    Args:
        ids: (batch, seq); they must stay as they are.
        generator: the only source of randomness.
        mask_id: id of [MASK].
        special_ids: never hidden: [PAD], [CLS], [SEP] and such.

    Returns:
        The ids with [MASK] where hidden, and the labels: the original id where hidden, -100
        elsewhere. Both (batch, seq).
    """
    special = torch.isin(ids, torch.tensor(list(special_ids)))
    chosen = (torch.rand(ids.shape, generator=generator) < probability) & ~special
    corrupted = ids.clone()
    corrupted[chosen] = mask_id
    labels = torch.full_like(ids, -100)
    labels[chosen] = ids[chosen]
    return corrupted, labels


class MaskedLanguageModelHead(nn.Module):
    """From a token's vector to a score per word piece: dense, GELU, LayerNorm, decoder.

    Parameters: `transform.dense` (hidden to hidden), `transform.LayerNorm`, `bias` (one number a
    word piece). The decoder's matrix is handed to `forward`; it is no parameter of the head.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.transform = nn.Module()
        self.transform.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.transform.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, states: Tensor, word_embeddings: Tensor) -> Tensor:
        """Scores over the vocabulary.

        Args:
            states: (..., hidden).
            word_embeddings: (vocabulary, hidden), the encoder's own.

        Returns:
            (..., vocabulary).
        """
        transformed = F.gelu(self.transform.dense(states))
        transformed = self.transform.LayerNorm(transformed)
        return transformed @ word_embeddings.T + self.bias


def masked_language_model_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean negative log-probability of the hidden words, in nats.

    Args:
        logits: (batch, seq, vocabulary).
        labels: (batch, seq), -100 where nothing is hidden.

    Returns:
        One number.
    """
    hidden = labels != -100
    return F.cross_entropy(logits[hidden], labels[hidden])


# ===== Piece 7: three heads =====
# Sentiment asks one vector for five scores, paraphrase two vectors for one. Similarity has no
# weights at all: it reads the angle between two vectors, so it shows what the encoder knows.


class SentimentHead(nn.Module):
    """Dropout, then a linear layer. Parameter: `dense` (hidden to labels)."""

    def __init__(self, hidden_size: int, num_labels: int = 5, dropout: float = 0.3) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(hidden_size, num_labels)

    def forward(self, pooled: Tensor) -> Tensor:
        """From (batch, hidden) to one score a class, (batch, label), without softmax."""
        kept = self.dropout(pooled)
        return self.dense(kept)


class ParaphraseHead(nn.Module):
    """Both vectors side by side, dropout, a linear layer. Parameter: `dense` (2 hidden to 1)."""

    def __init__(self, hidden_size: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(2 * hidden_size, 1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """From two (batch, hidden) to one logit a pair, (batch,), without sigmoid."""
        both = torch.cat([first, second], dim=-1)
        return self.dense(self.dropout(both)).squeeze(-1)


def similarity_score(first: Tensor, second: Tensor) -> Tensor:
    """The cosine of two (batch, hidden), cut off at 0, times 5: (batch,), from 0 to 5."""
    cosine = F.cosine_similarity(first, second, dim=-1)
    return cosine.clamp(min=0) * 5


# ===== Piece 8: ranking =====
# In a batch of pairs each sentence must find its partner: all other partners are wrong answers,
# for nothing. Two pairs that say the same would be false wrong answers, so clusters hide them.


def multiple_negatives_ranking(
    a: Tensor,
    b: Tensor,
    similar: Tensor | None = None,
    scale: float = 1.0,
    clusters: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of the partner among all second sentences, by cosines.

    Args:
        a, b: (pair, hidden), not normalised.
        similar: (pair,), True for pairs that mean the same; only these have a loss, and the mean
            is over them. The others stay as wrong answers. None: all are similar.
        scale: multiplies the cosines.
        clusters: (pair,), whole numbers; other pairs of the same number are no wrong answers.

    Returns:
        One number, in nats.
    """
    a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
    scores = scale * a @ b.T
    own = torch.arange(len(a), device=a.device)
    if clusters is not None:
        same = clusters[:, None] == clusters[None, :]
        same[own, own] = False
        scores = scores.masked_fill(same, -torch.inf)
    if similar is not None:
        scores, own = scores[similar], own[similar]
    return F.cross_entropy(scores, own)


# ===== Piece 9: batches =====
# Rows of similar length together need little padding, and random order keeps gradients honest.
# Data sets of unequal size take turns: one that is used up drops out, the others go on.


def pad_batch(ids: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Fill rows on the right up to the longest one.

    Returns:
        The ids and the mask (1 on words, 0 on padding), both whole numbers, (batch, seq).
    """
    width = max(len(row) for row in ids)
    filled = [list(row) + [pad_id] * (width - len(row)) for row in ids]
    mask = [[1] * len(row) + [0] * (width - len(row)) for row in ids]
    return torch.tensor(filled), torch.tensor(mask)


def length_bucketed(
    lengths: Sequence[int],
    batch_size: int,
    generator: torch.Generator,
    pool_batches: int = 50,
) -> list[list[int]]:
    """Batches of rows of similar length, in random order; each row is in exactly one.

    Shuffle the rows, cut them into pools of batch_size · pool_batches, sort each pool by length,
    cut it into batches, and shuffle the batches.

    Args:
        lengths: word pieces of each row.
        batch_size: rows of a batch; a pool's last one may have fewer.
        generator: the only source of randomness.

    Returns:
        Lists of row numbers.
    """
    order = torch.randperm(len(lengths), generator=generator).tolist()
    pool = batch_size * pool_batches
    batches = []
    for start in range(0, len(order), pool):
        rows = sorted(order[start : start + pool], key=lambda row: lengths[row])
        for at in range(0, len(rows), batch_size):
            batches.append(rows[at : at + batch_size])
    shuffled = torch.randperm(len(batches), generator=generator).tolist()
    return [batches[number] for number in shuffled]


def round_robin(*sources: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """One item of each source in turn, as (number of the source, item), until all are used up."""
    running = {number: iter(source) for number, source in enumerate(sources)}
    while running:
        for number in list(running):
            try:
                item = next(running[number])
            except StopIteration:
                del running[number]
                continue
            yield number, item


# ===== Piece 10: training =====
# Gradients add up until they are cleared, dropout acts only where the model is told that it is
# trained, and what is measured must not be learned from. Most silent mistakes are one of these.


def train(
    model: nn.Module,
    optimizer: Any,
    make_batches: Callable[[int], Iterable[Any]],
    loss_of: Callable[[Any], Tensor | None],
    epochs: int,
    measure: Callable[[], float],
    max_norm: float | None = None,
) -> list[tuple[float, float]]:
    """Train, and measure after each epoch.

    Args:
        model: put into training mode before each epoch, into evaluation mode to measure.
        optimizer: has `zero_grad()` and `step()`.
        make_batches: gives the batches of an epoch (0, 1, …).
        loss_of: the loss of a batch, or None: then the batch is skipped.
        measure: called after each epoch, without gradients.
        max_norm: longer gradients (all parameters together) are scaled to this length.

    Returns:
        Of each epoch the mean loss of its batches and what was measured. The model is left in
        evaluation mode.
    """
    history = []
    for epoch in range(epochs):
        model.train()
        losses = []
        for batch in make_batches(epoch):
            loss = loss_of(batch)
            if loss is None:
                continue
            optimizer.zero_grad()
            loss.backward()
            if max_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            measured = measure()
        history.append((sum(losses) / len(losses), measured))
    return history


def accuracy(batches: Iterable[Any], answer: Callable[[Any], tuple[Tensor, Tensor]]) -> float:
    """Share of examples whose highest score is the right class.

    Args:
        batches: what `answer` takes; they may differ in size.
        answer: gives scores (batch, label) and right classes (batch,).

    Returns:
        Right ones by all examples, from 0 to 1.
    """
    right, count = 0, 0
    for batch in batches:
        scores, labels = answer(batch)
        right += int((scores.argmax(dim=-1) == labels).sum())
        count += len(labels)
    return right / count
