"""Where the files of a model are: a folder, an installed package, the hub's cache, the hub."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from minbert.hub import NAME, HubFiles
from minbert.known_models import KNOWN, KnownModel
from minbert.model_files import inside, read_json
from minbert.sentence_transformers_folder import DENSE_WEIGHTS, read_modules
from minbert.tokenizer_files import TOKENIZER_FILES
from minbert.tokenizer_options import OPTION_FILES

logger = logging.getLogger(__name__)


WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,199}", re.ASCII)
"""A commit, tag or branch on the hub."""


@dataclass(frozen=True)
class Location:
    """Files of one model on this machine."""

    config: Path
    weights: Path
    """The tensors, or the index of several files that hold them."""
    tokenizer: Path
    modules: Path | None = None
    """`modules.json` of a sentence-transformers folder."""
    files: tuple[Path, ...] = ()
    """All files that decide what is loaded, these and those beside them."""


class Source(Protocol):
    """Where a model's files are."""

    def first(self, *names: str, optional: bool = False) -> Path | None:
        """The first of several files that is there; None if none is."""


def locate(name: str | Path, revision: str | None = None) -> Location:
    """Find a model's files; the log says where they come from.

    A name in `KNOWN` always means the published files, which are verified by SHA-256: this
    package, the installed package that holds them, the Hugging Face cache, the hub. Any other name
    is a folder, or the id of a repository on the hub (HF_ENDPOINT and HF_HUB_OFFLINE are honoured).

    Args:
        name: a name in `KNOWN`, a folder (a `Path` is always one; a folder called like a known
            model is `./tiny`), or a hub id `owner/model`, perhaps with `@revision`.
        revision: commit, tag or branch of a hub id; without, what `main` is now.

    Raises:
        FileNotFoundError: it is nowhere, or cannot be fetched.
        OSError: the hub refuses or fails.
        ValueError: a file's SHA-256 is not the published one, a file names others that it must
            not, or a revision is asked of what has none.
    """
    if isinstance(name, str) and "@" in name and not Path(name).expanduser().exists():
        name, _, said = name.partition("@")
        if not REVISION.fullmatch(said) or revision not in (None, said):
            raise ValueError(
                f"{name}@{said:.80}: expected a commit, tag or branch behind @"
                + (f", and no other than revision {revision!r:.80}" if revision else "")
            )
        revision = said
    if revision is not None:
        return _pinned(name, revision)
    known = KNOWN.get(name) if isinstance(name, str) else None
    if known is not None:
        if Path(name).is_dir():
            logger.warning(
                "%s means the published model, not the folder of that name: give ./%s for that",
                name,
                name,
            )
        return _published(name, known)
    folder = _folder(name)
    if folder is not None:
        logger.info("%s: from the folder", name)
        return gather(FolderFiles(folder), str(folder))
    if not NAME.fullmatch(str(name)):
        raise FileNotFoundError(
            f"there is no folder {str(name)!r:.200} and no model of that name: "
            f"expected a folder, one of {', '.join(KNOWN)}, or a hub id owner/model"
        )
    return gather(HubFiles(str(name), str(name)), f"{name} on the hub")


def _pinned(name: str | Path, revision: str) -> Location:
    """The files of a hub repository at one revision."""
    if not isinstance(name, str) or name in KNOWN or not NAME.fullmatch(name):
        what = "always means the same published files" if name in KNOWN else "is no hub id"
        raise ValueError(
            f"{str(name)!r:.200} {what}, got the revision {revision!r:.80}: only a hub id "
            "owner/model has revisions"
        )
    if not isinstance(revision, str) or not REVISION.fullmatch(revision):
        raise ValueError(f"revision must be a commit, tag or branch, got {revision!r:.80}")
    return gather(HubFiles(name, name, revision), f"{name} at {revision} on the hub")


def _folder(name: str | Path) -> Path | None:
    """The folder that a name means, `~` included, if there is one."""
    if not str(name) or "\0" in str(name):
        return None
    try:
        path = Path(name).expanduser()
        if path.is_file():
            raise FileNotFoundError(f"{path} is a file, expected the folder of a model: give that")
        return path if path.is_dir() else None
    except RuntimeError:  # of an account without a home
        return None


def _published(name: str, known: KnownModel) -> Location:
    source: Source
    if known.shipped:
        logger.info("%s: shipped with minbert", name)
        source = FolderFiles(Path(__file__).parent / known.shipped, known.sha256)
    elif known.package and (folder := package_folder(known.package)):
        logger.info("%s: from the installed package %s", name, known.package)
        source = FolderFiles(folder, known.sha256)
    else:
        source = HubFiles(name, known.repository, known.revision, known.sha256)
    location = gather(source, name)
    verify(location, known)
    return location


def verify(location: Location, known: KnownModel) -> None:
    """Compare every file that is used with the published SHA-256.

    Raises:
        ValueError: one differs.
    """
    root = (location.modules or location.config).parent
    for path in location.files:
        expected = known.sha256[path.relative_to(root).as_posix()]
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise ValueError(
                f"{path} is not the published file: its SHA-256 is {found[:12]}…, expected "
                f"{expected[:12]}… (cut off or altered? delete it and fetch it again)"
            )


@dataclass(frozen=True)
class FolderFiles:
    """The files of a folder; with `only`, no others than those."""

    root: Path
    only: Collection[str] | None = None

    def first(self, *names: str, optional: bool = False) -> Path | None:
        """The first of several files that is there; None if none is."""
        for name in names:
            if (self.only is None or name in self.only) and (self.root / name).exists():
                return self.root / name
        return None


def gather(source: Source, what: str) -> Location:
    """Find every file of a model that decides what is loaded.

    Args:
        source: a folder or a repository on the hub.
        what: its name, for sentences.

    Raises:
        FileNotFoundError: a file that every model needs is missing.
        ValueError: a file names others that are outside the folder.
    """
    used: list[Path] = []

    def need(*names: str) -> Path:
        path = source.first(*names)
        if path is None:
            raise FileNotFoundError(f"{what} holds no {' or '.join(names)}: it is no model folder")
        used.append(path)
        return path

    def take(*names: str) -> None:
        used.extend(path for n in names if (path := source.first(n, optional=True)) is not None)

    config = source.first("config.json")
    modules = source.first("modules.json", optional=config is not None)
    place = ""
    if modules is not None:
        used.append(modules)
        first, *others = read_modules(modules)
        place = first.folder
        for module in others:
            take(f"{module.folder}config.json")
            if module.kind == "Dense":
                used += filter(None, [source.first(*(module.folder + n for n in DENSE_WEIGHTS))])
        take(f"{place}sentence_bert_config.json", "config_sentence_transformers.json")
    config = need(f"{place}config.json")
    weights = need(*(place + name for name in WEIGHT_FILES))
    if weights.name.endswith(".index.json"):
        for shard in shards(weights):
            need(place + shard)
    tokenizer = need(*(place + name for name in TOKENIZER_FILES))
    if option_file := source.first(place + OPTION_FILES[0]):  # it must be known: it decides ids
        used.append(option_file)
    take(*(place + name for name in OPTION_FILES[1:]))
    return Location(config, weights, tokenizer, modules, tuple(used))


def shards(index: Path) -> dict[str, list[str]]:
    """Names of tensors in each file that an index names, in the index's order.

    Raises:
        ValueError: it is no index, or names a file outside its folder.
    """
    found: dict[str, list[str]] = {}
    mapping = read_json(index).get("weight_map")
    if not isinstance(mapping, dict) or not mapping:
        raise ValueError(
            f"{index} has weight_map {mapping!r:.60}, expected the file of each tensor by name"
        )
    for name, shard in mapping.items():
        found.setdefault(inside(index, shard), []).append(name)
    return found


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
