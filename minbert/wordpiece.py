"""WordPiece itself: BERT's text pipeline around a vocabulary, and learning a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def wordpiece_backend(pieces: Sequence[str], lowercase: bool) -> Tokenizer:
    """BERT's pipeline around a vocabulary in the order of its ids.

    Raises:
        ValueError: the vocabulary lacks one of BERT's special tokens.
    """
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    backend = Tokenizer(
        models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
    )
    backend.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    absent = [token for token in SPECIAL_TOKENS if token not in vocabulary]
    if absent:
        raise ValueError(f"the vocabulary has no {', '.join(absent)}: this is not BERT's")
    backend.add_special_tokens(list(SPECIAL_TOKENS))
    backend.post_processor = processors.BertProcessing(
        ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
    )
    return backend


def train_vocabulary(
    sentences: Iterable[str], vocab_size: int, min_frequency: int = 2, lowercase: bool = True
) -> list[str]:
    """Learn a vocabulary; the same sentences give the same one, in every process.

    The library's trainer numbers single letters in the order of a hash table, which then
    decides ties between merges. Handing it the sorted alphabet (each letter, and each letter
    as a continuation `##x`) as fixed tokens leaves it nothing to decide by chance.

    Args:
        sentences: text to learn from.
        vocab_size: pieces at most, special tokens and letters included.
        min_frequency: a piece must occur this often.
        lowercase: lower-case and strip accents first, as bert-base-uncased does.

    Raises:
        ValueError: `vocab_size` has no room for the letters that occur.

    Source: Schuster and Nakajima (2012); Devlin et al. (2019), section 3.
    """
    blank = wordpiece_backend(list(SPECIAL_TOKENS), lowercase)
    sentences = list(sentences)
    letters: set[str] = set()
    for sentence in sentences:
        for word, _ in blank.pre_tokenizer.pre_tokenize_str(
            blank.normalizer.normalize_str(sentence)
        ):
            letters.update(word)
    alphabet = sorted(letters)
    fixed = [*SPECIAL_TOKENS, *alphabet, *(f"##{letter}" for letter in alphabet)]
    if vocab_size < len(fixed):
        raise ValueError(
            f"vocab_size {vocab_size} has no room for the {len(fixed)} special tokens and "
            "letters of this text: ask for more"
        )
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=fixed,
        show_progress=False,
    )
    blank.train_from_iterator(sentences, trainer)
    vocabulary = blank.get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)
