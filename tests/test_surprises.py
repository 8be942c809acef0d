"""Where good guesses about this field's formats and peers are wrong: what the package does there.

One test a row of the second table in docs/surprises.md; where the peer is installed, its own
behaviour is shown first, so that a row whose ground has gone is noticed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import normalizers
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertModel, BertTokenizer

from minbert import (
    Encoder,
    from_pretrained,
    load_mlm_head,
    mask_tokens,
    save_pretrained,
    scaled_dot_product_attention,
)
from minbert.config import ModelConfig
from minbert.losses import masked_language_model, multiple_negatives_ranking
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.epochs import shuffled
from minbert.training.recipe import RECIPES

TEXTS = ["How lovely is the film?", "the story is dull", "how do I cook rice in 3 days?"]


@pytest.fixture
def small(toy_model_folder: Path) -> tuple[Encoder, WordPieceTokenizer]:
    return from_pretrained(str(toy_model_folder))


def apart(first: Tensor, second: Tensor) -> float:
    return (first.float() - second.float()).abs().max().item()


def test_the_epsilon_of_the_file_is_the_models(minilm_folder: Path) -> None:
    """MiniLM's embeddings have tiny variance: 1e-5 instead of 1e-12 moves its states by .02."""
    encoder, tokenizer = from_pretrained(str(minilm_folder))
    assert encoder.config.layer_norm_eps == 1e-12
    batch = tokenizer(TEXTS)
    other = Encoder(ModelConfig.from_dict({**encoder.config.to_dict(), "layer_norm_eps": 1e-5}))
    other.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        right, wrong = encoder(**batch), other.eval()(**batch)
        theirs = BertModel.from_pretrained(minilm_folder)(**batch).last_hidden_state
    padding = batch["attention_mask"][..., None]
    assert apart(right.last_hidden_state * padding, theirs * padding) < 1e-4
    assert max(map(apart, right.hidden_states, wrong.hidden_states)) > 5e-3


def test_a_tokenizer_with_another_pipeline_is_not_saved_under_berts_name(
    small: tuple[Encoder, WordPieceTokenizer], tmp_path: Path
) -> None:
    """The class BertTokenizer makes BERT's own pipeline anew, whatever tokenizer.json says."""
    if int(transformers.__version__.split(".")[0]) < 5:
        pytest.skip("transformers 4 kept the file's pipeline")
    _, tokenizer = small
    backend = tokenizer.lower_casing().backend
    backend.normalizer = normalizers.Sequence(
        [normalizers.Replace("film", "story"), backend.normalizer]
    )
    changed = WordPieceTokenizer(backend)
    changed.save(tmp_path)
    ids = changed.encode(["the film"])[0]
    config = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert AutoTokenizer.from_pretrained(tmp_path)("the film")["input_ids"] == ids
    assert BertTokenizer.from_pretrained(tmp_path)("the film")["input_ids"] != ids
    assert WordPieceTokenizer.load(tmp_path).encode(["the film"])[0] == ids


def test_a_saved_tokenizer_gives_segments_back(toy_model_folder: Path) -> None:
    """A generic class around the same file leaves token_type_ids out."""
    pair = ("the film", "the story")
    generic = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(toy_model_folder / "tokenizer.json")
    )
    assert "token_type_ids" not in generic(*pair)
    theirs = AutoTokenizer.from_pretrained(toy_model_folder)(*pair)
    ours = WordPieceTokenizer.load(toy_model_folder)([pair])
    assert theirs["token_type_ids"] == ours["token_type_ids"][0].tolist()


def test_a_vocabulary_file_is_read(
    small: tuple[Encoder, WordPieceTokenizer], tmp_path: Path
) -> None:
    """`BertTokenizer(vocab_file=…)` of transformers 5 swallows the argument."""
    _, tokenizer = small
    vocabulary = tokenizer.backend.get_vocab(with_added_tokens=True)
    lines = sorted(vocabulary, key=lambda piece: vocabulary[piece])
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if int(transformers.__version__.split(".")[0]) >= 5:
        assert len(BertTokenizer(vocab_file=str(path))) < 10 < len(lines)
    assert WordPieceTokenizer.load(path).encode(TEXTS) == tokenizer.encode(TEXTS)


def test_a_boolean_mask_hides_in_both_ways(small: tuple[Encoder, WordPieceTokenizer]) -> None:
    """In transformers' eager path a boolean 4-D mask is added to the scores as 0 and 1."""
    encoder, tokenizer = small
    config = BertConfig(**encoder.config.to_dict(), attn_implementation="eager")
    eager = BertModel(config).eval()
    eager.load_state_dict(encoder.state_dict())
    batch = tokenizer(TEXTS)
    allowed = batch["attention_mask"][:, None, None, :].bool()
    with torch.no_grad():
        fused, asked = encoder(**batch), encoder(**batch, return_attention=True)
        wide = allowed.expand(-1, 1, allowed.shape[-1], -1)
        theirs = eager(batch["input_ids"], attention_mask=wide, output_attentions=True)
    assert asked.attentions
    assert max(w.masked_select(~allowed).max().item() for w in asked.attentions) == 0
    assert apart(fused.last_hidden_state, asked.last_hidden_state) < 1e-5
    assert theirs.attentions[0].masked_select(~allowed).max() > 0.001


@pytest.mark.parametrize("given", [False, True])
def test_unknown_pieces_are_never_chosen(
    small: tuple[Encoder, WordPieceTokenizer], given: bool
) -> None:
    """transformers' collator predicts [UNK] or not, by who says what is special."""
    _, tokenizer = small
    ids = torch.full((40, 25), tokenizer.unk_token_id)
    ids[:, 0], ids[:, -1] = tokenizer.cls_token_id, tokenizer.sep_token_id
    draw = torch.Generator().manual_seed(0)
    if given:
        _, labels = mask_tokens(
            ids, draw, mask_id=tokenizer.mask_id, special_ids=tokenizer.special_ids
        )
        assert (labels == -100).all()
    else:
        rest = [piece for piece in tokenizer.special_ids if piece != tokenizer.unk_id]
        _, labels = mask_tokens(ids, draw, mask_id=tokenizer.mask_id, special_ids=rest)
        assert (labels == tokenizer.unk_id).any()


def test_a_masked_row_is_a_mean_in_half_precision_too() -> None:
    """Scores survive the addition of float16's smallest number: such a row attends as if free."""
    draw = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, 1, 6, 8, generator=draw).half() * 8 for _ in range(3))
    allowed = torch.zeros(1, 1, 1, 6, dtype=torch.bool)
    scores = query @ key.mT * 8**-0.5
    added = (scores + torch.finfo(torch.float16).min).softmax(-1)
    _, weights = scaled_dot_product_attention(query, key, value, allowed)
    assert apart(weights, torch.full_like(weights, 1 / 6)) < 1e-3
    assert apart(added, torch.full_like(added, 1 / 6)) > 0.01


def test_vectors_of_nothing_in_half_precision() -> None:
    """torch's normalize gives NaN for a zero vector in float16, where its eps is 0."""
    zero = torch.zeros(4, 8, dtype=torch.float16)
    assert F.normalize(zero, dim=-1).isnan().any()
    assert multiple_negatives_ranking(zero, zero).item() == pytest.approx(torch.tensor(4.0).log())


def test_a_batch_without_a_masked_token_is_refused() -> None:
    """torch gives NaN for the mean of nothing, and with a class weight 0 a NaN gradient, too."""
    logits = torch.zeros(2, 5, requires_grad=True)
    labels = torch.full((2,), -100)
    assert F.cross_entropy(logits, labels).isnan()
    with pytest.raises(ValueError, match="skip it"):
        masked_language_model(logits, labels)


def test_a_decoder_of_its_own_is_refused(toy_model_folder: Path, tmp_path: Path) -> None:
    """transformers loads it untied although the configuration says tied, and only logs it."""
    encoder, tokenizer = from_pretrained(str(toy_model_folder))
    config = BertConfig(**encoder.config.to_dict(), tie_word_embeddings=True)
    BertForMaskedLM(config).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    words = weights["bert.embeddings.word_embeddings.weight"]
    weights["cls.predictions.decoder.weight"] = words + 1
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(tmp_path)
    theirs = BertForMaskedLM.from_pretrained(tmp_path)
    decoder = theirs.cls.predictions.decoder.weight
    assert apart(decoder, theirs.bert.embeddings.word_embeddings.weight) > 0.5
    read, _ = from_pretrained(str(tmp_path))
    with pytest.raises(ValueError, match="not tied to its word embeddings"):
        load_mlm_head(str(tmp_path), read)


def test_left_padding_changes_bert_and_is_never_made(
    small: tuple[Encoder, WordPieceTokenizer],
) -> None:
    """Positions count from the left: padding there moves every vector."""
    encoder, tokenizer = small
    batch = tokenizer(TEXTS)
    assert all(row[0] == 1 for row in batch["attention_mask"].tolist())
    ids = tokenizer(TEXTS[1])["input_ids"]
    left = F.pad(ids, (4, 0), value=tokenizer.pad_id)
    right = F.pad(ids, (0, 4), value=tokenizer.pad_id)
    with torch.no_grad():
        plain = encoder(ids).pooled
        moved = encoder(left, (left != tokenizer.pad_id).long()).hidden_states[-1][:, 4]
        same = encoder(right, (right != tokenizer.pad_id).long())
    assert apart(plain, same.pooled) < 1e-5
    assert apart(moved, same.hidden_states[-1][:, 0]) > 0.01


def test_ids_are_compared_because_cosines_see_nothing(minilm_folder: Path) -> None:
    """Segment 1 for a single text, or a cut without [SEP], leaves MiniLM's cosine above .9."""
    encoder, tokenizer = from_pretrained(str(minilm_folder))
    [text] = [" ".join(TEXTS)]
    batch = tokenizer(text)
    assert set(batch["token_type_ids"][0].tolist()) == {0}
    cut = tokenizer(text, max_length=8)["input_ids"]
    assert cut[0, -1] == tokenizer.sep_token_id and cut.shape[1] == 8
    with torch.no_grad():
        plain = encoder(batch["input_ids"]).last_hidden_state.mean(1)
        segment = encoder(
            batch["input_ids"], token_type_ids=torch.ones_like(batch["input_ids"])
        ).last_hidden_state.mean(1)
        unframed = encoder(batch["input_ids"][:, :-1]).last_hidden_state.mean(1)
    assert 0.9 < F.cosine_similarity(plain, segment).item() < 0.9999
    assert 0.9 < F.cosine_similarity(plain, unframed).item() < 0.9999


def test_saved_weights_are_in_full_precision(
    small: tuple[Encoder, WordPieceTokenizer], tmp_path: Path
) -> None:
    """A sentence-transformers folder in float16 gives float16 vectors; ours gives float32."""
    encoder, tokenizer = small
    save_pretrained(tmp_path, encoder, tokenizer)
    assert {tensor.dtype for tensor in load_file(tmp_path / "model.safetensors").values()} == {
        torch.float32
    }
    half = {name: w.half() for name, w in load_file(tmp_path / "model.safetensors").items()}
    save_file(half, tmp_path / "model.safetensors", metadata={"format": "pt"})
    read, _ = from_pretrained(str(tmp_path))
    assert read.dtype == torch.float32


class Rows:
    """320 pairs with five answers, as a data set of the peer."""

    column_names = ["anchor", "positive"]

    def __len__(self) -> int:
        return 320

    def __getitem__(self, row: int) -> dict[str, str]:
        return {"anchor": f"text {row}", "positive": f"label {row % 5}"}


def test_an_epoch_has_every_row_once() -> None:
    """The peer's length promises 10 batches and 64 of five rows come: who stops there saw 50."""
    sampler = pytest.importorskip("sentence_transformers.base.sampler")
    theirs = sampler.NoDuplicatesBatchSampler(
        Rows(), batch_size=32, drop_last=False, generator=torch.Generator().manual_seed(0)
    )
    batches = list(theirs)
    assert sum(len(batch) for batch in batches[: len(theirs)]) == 50 < len(Rows())
    ours = shuffled("pairs", len(Rows()), 32, torch.Generator().manual_seed(0))
    assert sorted(row for _, batch in ours for row in batch) == list(range(len(Rows())))


def test_the_lab_has_no_attention_dropout() -> None:
    """On a CPU, attention with dropout takes another path: slower, and with n x n matrices."""
    dropout = {name: RECIPES[name].values()["attention_dropout"] for name in ("lab", "paper")}
    assert dropout == {"lab": 0.0, "paper": 0.1}
