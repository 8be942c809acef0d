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


def wordpiece_backend(
    pieces: Sequence[str],
    lowercase: bool,
    special: Sequence[str] = SPECIAL_TOKENS,
    strip_accents: bool | None = None,
    split_chinese: bool = True,
) -> Tokenizer:
    """BERT's pipeline around a vocabulary in the order of its ids.

    Args:
        pieces: the vocabulary; a piece's place is its id.
        lowercase: whether text is lower-cased first.
        special: what stands for BERT's [PAD], [UNK], [CLS], [SEP] and [MASK], in this order.
        strip_accents: whether accents are taken off; None where `lowercase` decides.
        split_chinese: whether each Chinese character is a word.

    Raises:
        ValueError: the vocabulary lacks one of the special tokens.
    """
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    _, unknown, first, last, _ = special
    backend = Tokenizer(
        models.WordPiece(vocabulary, unk_token=unknown, max_input_chars_per_word=100)
    )
    backend.normalizer = normalizers.BertNormalizer(
        lowercase=lowercase, strip_accents=strip_accents, handle_chinese_chars=split_chinese
    )
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    absent = [token for token in special if token not in vocabulary]
    if absent:
        raise ValueError(
            f"the vocabulary has no {', '.join(absent)}, expected all of {', '.join(special)}: "
            "this is not BERT's"
        )
    backend.add_special_tokens(list(special))
    backend.post_processor = processors.BertProcessing(
        (last, vocabulary[last]), (first, vocabulary[first])
    )
    return backend


def framing(first: tuple[str, int], last: tuple[str, int]) -> processors.TemplateProcessing:
    """What puts `[CLS] A [SEP]` or `[CLS] A [SEP] B [SEP]` around pieces, segments included.

    Args:
        first: token that begins, and its id.
        last: token that ends a sentence, and its id.
    """
    return processors.TemplateProcessing(
        single="first:0 $A:0 last:0",
        pair="first:0 $A:0 last:0 $B:1 last:1",
        special_tokens=[
            {"id": name, "ids": [number], "tokens": [token]}
            for name, (token, number) in (("first", first), ("last", last))
        ],
    )


def kept_lengths(lengths: Sequence[int], room: int) -> list[int]:
    """How many pieces of one or two sentences are kept: the longer one loses pieces first.

    Args:
        lengths: pieces of each sentence.
        room: pieces of both together, special tokens not counted.

    Source: `longest_first` of the `tokenizers` library.
    """
    if sum(lengths) <= room:
        return list(lengths)
    if len(lengths) == 1:
        return [room]
    short, long = min(lengths), max(lengths)
    if short + max(short, room - short) > room:
        short, long = room // 2, room - room // 2
    else:
        long = room - short
    return [short, long] if lengths[0] <= lengths[1] else [long, short]


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
        ValueError: `vocab_size` has no room for the letters that occur, a number is none, or
            `sentences` is one string.

    Source: Schuster and Nakajima (2012); Devlin et al. (2019), section 3.
    """
    for name, number in (("vocab_size", vocab_size), ("min_frequency", min_frequency)):
        if type(number) is not int or number < 0:
            raise ValueError(f"{name} must be an integer from 0 up, got {number!r:.60}")
    if isinstance(sentences, str):
        raise ValueError(
            f"sentences must be several strings, got the string {sentences!r:.60}: put it in a list"
        )
    blank = wordpiece_backend(list(SPECIAL_TOKENS), lowercase)
    sentences = list(sentences)
    for place, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise ValueError(f"sentences[{place}] must be a string, got {sentence!r:.60}")
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
