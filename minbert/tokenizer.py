"""From sentences to word pieces: BERT's WordPiece, through the `tokenizers` library."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from minbert.wordpiece import SPECIAL_TOKENS, train_vocabulary, wordpiece_backend

logger = logging.getLogger(__name__)

Text = str | tuple[str, str]
"""One sentence, or a pair."""


class WordPieceTokenizer:
    """BERT's tokenizer: `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]`.

    Wraps a `tokenizers.Tokenizer`. Padding is done here, on the right; a truncation or padding
    that a file brings along is switched off, so that nothing is cut unless it is said.

    Raises:
        ValueError: the vocabulary lacks one of BERT's special tokens.
    """

    def __init__(self, backend: Tokenizer) -> None:
        backend.no_padding()
        backend.no_truncation()
        missing = [token for token in SPECIAL_TOKENS if backend.token_to_id(token) is None]
        if missing:
            raise ValueError(
                f"the vocabulary has no {', '.join(missing)}: this is not a BERT tokenizer"
            )
        self.backend = backend
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = (
            backend.token_to_id(token) for token in SPECIAL_TOKENS
        )

    @classmethod
    def load(cls, path: str | Path) -> WordPieceTokenizer:
        """Read `tokenizer.json` or `vocab.txt`, or the folder that holds one.

        A `vocab.txt` is taken as lower-casing, unless `tokenizer_config.json` beside it says
        otherwise.

        Raises:
            FileNotFoundError: there is neither.
            ValueError: the file is no tokenizer.
        """
        path = Path(path)
        if path.is_dir():
            candidates = [path / "tokenizer.json", path / "vocab.txt"]
            found = [candidate for candidate in candidates if candidate.exists()]
            if not found:
                raise FileNotFoundError(f"{path} holds neither tokenizer.json nor vocab.txt")
            path = found[0]
        if not path.exists():
            raise FileNotFoundError(f"there is no tokenizer file {path}")
        if path.suffix == ".txt":
            pieces = path.read_text(encoding="utf-8").splitlines()
            return cls(wordpiece_backend(pieces, _lower_cases(path.parent)))
        try:
            return cls(Tokenizer.from_file(str(path)))
        except ValueError:
            raise
        except Exception as error:  # the library raises plain Exception for a bad file
            raise ValueError(f"{path} is no tokenizer file: {error}") from error

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
    def vocab_size(self) -> int:
        """Number of word pieces."""
        return self.backend.get_vocab_size()

    @property
    def special_ids(self) -> tuple[int, ...]:
        """Ids that are never masked: [PAD], [UNK], [CLS], [SEP], [MASK]."""
        return (self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id)

    def __call__(self, texts: Sequence[Text] | str, max_length: int = 512) -> dict[str, Tensor]:
        """Tokenise sentences and pairs into one padded batch.

        Args:
            texts: each a string, or a `(first, second)` tuple.
            max_length: longest row, special tokens included; what is cut is logged.

        Returns:
            `input_ids`, `attention_mask` (1 = may be attended), `token_type_ids` (0 first, 1
            second sentence), each an integer tensor (batch, seq); ready for `encoder(**batch)`.

        Raises:
            ValueError: an entry is neither a string nor a pair of strings.
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

    def encode(self, texts: Sequence[Text], max_length: int = 512) -> list[list[int]]:
        """Unpadded ids of each text, [CLS] and [SEP] included: the fast path for training."""
        return [encoding.ids for encoding in self.encodings(texts, max_length)]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The pieces that ids stand for."""
        return [self.backend.id_to_token(int(piece)) or "[UNK]" for piece in ids]

    def decode(self, ids: Iterable[int]) -> str:
        """Readable text of ids, special tokens left out."""
        return self.backend.decode([int(piece) for piece in ids])

    def save(self, folder: str | Path) -> None:
        """Write `tokenizer.json` and `tokenizer_config.json`, which transformers reads as well."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.backend.save(str(folder / "tokenizer.json"))
        special = zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL_TOKENS, strict=True)
        config = {
            "tokenizer_class": "BertTokenizer",
            "model_max_length": 512,
            "do_lower_case": getattr(self.backend.normalizer, "lowercase", True),
            **{f"{name}_token": token for name, token in special},
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))

    def encodings(self, texts: Sequence[Text], max_length: int = 512) -> list[Encoding]:
        """Everything `tokenizers` knows of each text: ids, segments, characters of each piece.

        Args, raises: as for a call.
        """
        if max_length < 3:
            raise ValueError(f"max_length must leave room for [CLS], a piece, [SEP]: {max_length}")
        for text in texts:
            pair = isinstance(text, tuple) and len(text) == 2
            if not all(isinstance(part, str) for part in (text if pair else (text,))):
                raise ValueError(
                    f"a text must be a string or a (first, second) tuple, got {text!r:.80}"
                )
        encodings = self.backend.encode_batch(list(texts))
        cut = 0
        for index, encoding in enumerate(encodings):
            if len(encoding.ids) > max_length:
                cut += 1
                encodings[index] = self._cut(texts[index], max_length)
        if cut:
            logger.warning("%d of %d texts were cut at %d word pieces", cut, len(texts), max_length)
        return encodings

    def _cut(self, text: Text, max_length: int):
        """Tokenise again with truncation: the longer sentence of a pair loses pieces first."""
        self.backend.enable_truncation(max_length, strategy="longest_first")
        try:
            return self.backend.encode(*(text if isinstance(text, tuple) else (text,)))
        finally:
            self.backend.no_truncation()


def _lower_cases(folder: Path) -> bool:
    config = folder / "tokenizer_config.json"
    if not config.exists():
        return True
    return bool(json.loads(config.read_text(encoding="utf-8")).get("do_lower_case", True))
