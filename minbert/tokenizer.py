"""From sentences to word pieces: BERT's WordPiece, through the `tokenizers` library."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Encoding, Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor

from minbert.texts import Text, checked_ids, checked_texts, lone_surrogate
from minbert.tokenizer_files import read_tokenizer
from minbert.tokenizer_options import ROLES
from minbert.wordpiece import (
    SPECIAL_TOKENS,
    kept_lengths,
    train_vocabulary,
    wordpiece_backend,
)

logger = logging.getLogger(__name__)


class WordPieceTokenizer:
    """BERT's tokenizer: `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]`.

    Wraps a `tokenizers.Tokenizer`, which nothing here changes, so that several threads may use
    one tokenizer. Padding is done here, on the right; a truncation or padding that the back end
    brings along is left out, so that nothing is cut unless it is said.

    Args:
        backend: the pipeline around a vocabulary.
        special: what stands for [PAD], [UNK], [CLS], [SEP] and [MASK], in this order.
        model_max_length: longest row where a call says nothing else, [CLS] and [SEP] included.

    Raises:
        ValueError: the vocabulary lacks one of the special tokens.
    """

    def __init__(
        self,
        backend: Tokenizer,
        special: Sequence[str] = SPECIAL_TOKENS,
        model_max_length: int = 512,
    ) -> None:
        if backend.padding or backend.truncation:
            backend = Tokenizer.from_str(backend.to_str())  # the caller's stays as it is
            backend.no_padding()
            backend.no_truncation()
        missing = [token for token in special if backend.token_to_id(token) is None]
        if missing:
            raise ValueError(
                f"the vocabulary has no {', '.join(missing)}: this is not a BERT tokenizer"
            )
        self.backend = backend
        self.special_tokens = tuple(special)
        self.model_max_length = model_max_length
        self.vocab_size = 1 + max(backend.get_vocab(with_added_tokens=True).values())
        """Rows that a word embedding needs: one more than the largest id."""
        ids = [backend.token_to_id(token) for token in special]
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = ids

    @classmethod
    def load(cls, path: str | Path) -> WordPieceTokenizer:
        """Read `tokenizer.json` or `vocab.txt`, or the folder that holds one, as its files say.

        `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` beside it count;
        a `vocab.txt` without them is taken as lower-casing. See `minbert.tokenizer_files`.

        Raises:
            FileNotFoundError: there is neither.
            ValueError: the files are no BERT tokenizer's; the sentence says what is wrong.
        """
        backend, options = read_tokenizer(Path(path))
        return cls(backend, options.special, options.model_max_length or 512)

    @classmethod
    def train(
        cls,
        sentences: Iterable[str],
        vocab_size: int,
        min_frequency: int = 2,
        lowercase: bool = True,
    ) -> WordPieceTokenizer:
        """Learn a vocabulary from text: see `minbert.wordpiece.train_vocabulary`."""
        pieces = train_vocabulary(sentences, vocab_size, min_frequency, lowercase)
        return cls(wordpiece_backend(pieces, lowercase))

    @property
    def special_ids(self) -> tuple[int, ...]:
        """Ids that are never masked: [PAD], [UNK], [CLS], [SEP], [MASK]."""
        return (self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id)

    # The field's own names of the same.
    pad_token_id = property(lambda self: int(self.pad_id), doc="Id of [PAD].")
    unk_token_id = property(lambda self: int(self.unk_id), doc="Id of [UNK].")
    cls_token_id = property(lambda self: int(self.cls_id), doc="Id of [CLS].")
    sep_token_id = property(lambda self: int(self.sep_id), doc="Id of [SEP].")
    mask_token_id = property(lambda self: int(self.mask_id), doc="Id of [MASK].")

    def __call__(
        self, texts: Sequence[Text] | str, max_length: int | None = None
    ) -> dict[str, Tensor]:
        """Tokenise sentences and pairs into one padded batch.

        Args:
            texts: each a string, or a `(first, second)` tuple.
            max_length: longest row, special tokens included; None means `model_max_length`. What
                is cut is logged; the longer sentence of a pair loses pieces first.

        Returns:
            `input_ids`, `attention_mask` (1 = may be attended), `token_type_ids` (0 first, 1
            second sentence), each an integer tensor (batch, seq); ready for `encoder(**batch)`.

        Raises:
            ValueError: an entry is neither a string nor a pair of strings, or `max_length` has no
                room for a piece.
        """
        encodings = self.encodings([texts] if isinstance(texts, str) else texts, max_length)
        width = max((len(encoding.ids) for encoding in encodings), default=0)

        def tensor(rows: Iterable[Sequence[int]], fill: int) -> Tensor:
            padded = [[*row, *[fill] * (width - len(row))] for row in rows]
            return torch.tensor(padded, dtype=torch.long).view(len(padded), width)

        return {
            "input_ids": tensor((encoding.ids for encoding in encodings), self.pad_id),
            "attention_mask": tensor((encoding.attention_mask for encoding in encodings), 0),
            "token_type_ids": tensor((encoding.type_ids for encoding in encodings), 0),
        }

    def encode(self, texts: Sequence[Text], max_length: int | None = None) -> list[list[int]]:
        """Unpadded ids of each text, [CLS] and [SEP] included: the fast path for training."""
        return [encoding.ids for encoding in self.encodings(texts, max_length)]

    def lower_casing(self) -> WordPieceTokenizer:
        """A tokenizer of the same pieces that lower-cases text before anything else."""
        backend = Tokenizer.from_str(self.backend.to_str())
        before = [normalizers.Lowercase()]
        if backend.normalizer is not None:
            before.append(backend.normalizer)
        backend.normalizer = normalizers.Sequence(before)
        return WordPieceTokenizer(backend, self.special_tokens, self.model_max_length)

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The pieces that ids stand for; [UNK] for an id without one (a model may have more rows).

        Raises:
            ValueError: an id is negative or no integer.
        """
        unknown = self.special_tokens[1]
        return [self.backend.id_to_token(piece) or unknown for piece in checked_ids(ids)]

    def decode(self, ids: Iterable[int]) -> str:
        """Readable text of ids, special tokens left out.

        Raises:
            ValueError: an id is negative or no integer.
        """
        return self.backend.decode(checked_ids(ids))

    def batch_decode(self, rows: Iterable[Iterable[int]] | Tensor) -> list[str]:
        """Readable text of each row, special tokens left out; rows may be `input_ids` of a call.

        Raises:
            ValueError: an id is negative or no integer.
        """
        return self.backend.decode_batch([checked_ids(row) for row in rows])

    def save(self, folder: str | Path, model_max_length: int | None = None) -> None:
        """Write `tokenizer.json` and `tokenizer_config.json`, which transformers reads as well.

        Args:
            folder: made if need be.
            model_max_length: longest row of the model it belongs to; None means this tokenizer's.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.backend.save(str(folder / "tokenizer.json"))
        config = {
            # BERT's own class makes the pipeline anew; any other is taken from tokenizer.json.
            "tokenizer_class": "BertTokenizer" if self._is_plain() else "PreTrainedTokenizerFast",
            "model_max_length": model_max_length or self.model_max_length,
        }
        if self._is_plain():
            normalizer = self.backend.normalizer
            config |= {
                "do_lower_case": normalizer.lowercase,
                "strip_accents": normalizer.strip_accents,
                "tokenize_chinese_chars": normalizer.handle_chinese_chars,
            }
        named = zip(ROLES, self.special_tokens, strict=True)
        config |= {f"{role}_token": token for role, token in named}
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))

    def encodings(self, texts: Sequence[Text], max_length: int | None = None) -> list[Encoding]:
        """Everything `tokenizers` knows of each text: ids, segments, characters of each piece.

        Args, raises: as for a call.
        """
        max_length = self.model_max_length if max_length is None else max_length
        if isinstance(max_length, bool) or not isinstance(max_length, int) or max_length < 3:
            raise ValueError(
                f"max_length must leave room for [CLS], a piece, [SEP]: expected an integer from 3 "
                f"up, got {max_length!r:.60}"
            )
        texts = checked_texts(texts)
        encodings = self._encoded(texts)
        cut = 0
        for index, encoding in enumerate(encodings):
            if len(encoding.ids) > max_length:
                cut += 1
                encodings[index] = self._cut(texts[index], max_length)
        if cut:
            logger.warning("%d of %d texts were cut at %d word pieces", cut, len(texts), max_length)
        return encodings

    def uncut(self, texts: Sequence[Text], special: bool = True) -> list[Encoding]:
        """As `encodings`, however long a text is.

        Args:
            texts: as for a call.
            special: whether [CLS] and [SEP] are put around them.

        Raises:
            ValueError: an entry is neither a string nor a pair of strings, or no Unicode.
        """
        return self._encoded(checked_texts(texts), special)

    def _encoded(self, texts: list[Text], special: bool = True) -> list[Encoding]:
        try:
            return self.backend.encode_batch(texts, add_special_tokens=special)
        except TypeError:
            raise ValueError(lone_surrogate(texts)) from None

    def _cut(self, text: Text, max_length: int) -> Encoding:
        """A text that is too long, cut and framed here: the back end's own switch is shared."""
        parts = [
            self.backend.encode(part, add_special_tokens=False)
            for part in (text if isinstance(text, tuple) else (text,))
        ]
        room = max(max_length - 1 - len(parts), 0)
        for part, length in zip(
            parts, kept_lengths([len(p.ids) for p in parts], room), strict=True
        ):
            part.truncate(length)
        return self.backend.post_process(*parts)

    def _is_plain(self) -> bool:
        """Whether the pipeline is the one that BERT's own tokenizer class builds."""
        backend, model = self.backend, self.backend.model
        return (
            isinstance(backend.normalizer, normalizers.BertNormalizer)
            and backend.normalizer.clean_text
            and isinstance(backend.pre_tokenizer, pre_tokenizers.BertPreTokenizer)
            and isinstance(model, models.WordPiece)
            and model.max_input_chars_per_word == 100
            and len(backend.get_added_tokens_decoder()) == len(self.special_tokens)
        )
