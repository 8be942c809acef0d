"""A model's folder to the hub, through huggingface_hub."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minbert.data.addresses import check_address
from minbert.export.card import CARD, ENCODER, SENTENCES, ModelCard, has_license, say_license
from minbert.export.exported import SETTINGS_FILE
from minbert.folders.marker import MARKER
from minbert.hub import NAME
from minbert.model_files import read_json, read_text
from minbert.pretrained import from_pretrained
from minbert.weights import REVISION, FolderFiles, gather

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

logger = logging.getLogger(__name__)

SUFFIXES = (".json", ".safetensors", ".txt", ".md", ".onnx", ".data", ".xml", ".bin")
"""Of files that belong to a model; others, checkpoints of a training for example, stay here."""


@dataclass(frozen=True)
class Upload:
    """What would be sent, for people who decide."""

    folder: Path
    repository: str
    files: tuple[str, ...]
    size: int
    """Bytes."""
    private: bool
    revision: str | None
    card: str
    """Content of README.md as it will be sent."""

    def described(self) -> str:
        """What will happen, in a few lines."""
        from huggingface_hub import constants

        kind = "private" if self.private else "public, which everybody can read"
        where = f"{constants.ENDPOINT}/{self.repository}"
        lines = [
            f"{len(self.files)} files, {self.size / 1e6:,.1f} MB, from {self.folder}",
            f"to {where}{f', branch {self.revision}' if self.revision else ''} "
            f"({kind}, if it does not exist yet)",
            *(f"  {name}" for name in self.files),
        ]
        if not has_license(self.card):
            lines.append("its card says no licence: --license apache-2.0, for example, says it")
        return "\n".join(lines)


def prepare(
    folder: str | Path,
    repository: str,
    private: bool = True,
    revision: str | None = None,
    license: str | None = None,
) -> Upload:
    """Look at a folder before it is sent: it must be a model that can be read.

    Args:
        folder: of `save_pretrained`, `minbert export` or a run's checkpoint.
        repository: `owner/model`.
        private: whether only its owner sees it, if it is new.
        revision: branch to write to; without, `main`.
        license: put into the card, where it says none.

    Raises:
        FileNotFoundError: no model is there.
        ValueError: the name is no repository's, or a file is not what it should be.
    """
    if not NAME.fullmatch(repository):
        raise ValueError(f"repository must be owner/model, got {repository!r:.120}")
    if revision is not None and not REVISION.fullmatch(revision):
        raise ValueError(f"revision must be a branch, got {revision!r:.80}")
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: expected that of a model")
    if (folder / SETTINGS_FILE).is_file():
        read_json(folder / SETTINGS_FILE)
    else:
        from_pretrained(gather(FolderFiles(folder), str(folder)))
    files = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix in SUFFIXES
        and path.name != MARKER
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    size = sum((folder / name).stat().st_size for name in files)
    if CARD in files:
        card = read_text(folder / CARD)
    else:
        kind = SENTENCES if (folder / "modules.json").is_file() else ENCODER
        card = ModelCard(repository.partition("/")[2], kind).to_markdown()
    if license is not None:
        card = say_license(card, license)
    return Upload(
        folder,
        repository,
        tuple(dict.fromkeys([CARD, *files])),
        size,
        private,
        revision,
        card.replace('"FOLDER"', f'"{repository}"'),
    )


def push(upload: Upload, message: str = "Upload with minbert") -> str:
    """Send a folder; the token is the one that huggingface_hub keeps, and is never shown.

    Args:
        upload: from `prepare`.
        message: of the commit.

    Returns:
        The commit's address.

    Raises:
        ValueError: nobody is logged in, or the hub's address is not https.
        OSError: the hub refuses or fails; the sentence says with what.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token
    from huggingface_hub.errors import HfHubHTTPError

    check_address(constants.ENDPOINT)
    if not get_token():
        raise ValueError(
            "nobody is logged in to the hub: expected a token that may write, from `hf auth login` "
            "or in HF_TOKEN"
        )
    api = HfApi(endpoint=constants.ENDPOINT, library_name="minbert")
    operations = [
        CommitOperationAdd(
            name, upload.card.encode() if name == CARD else str(upload.folder / name)
        )
        for name in upload.files
    ]
    try:
        api.create_repo(upload.repository, private=upload.private, exist_ok=True)
        if upload.revision:
            api.create_branch(upload.repository, branch=upload.revision, exist_ok=True)
        done = api.create_commit(
            upload.repository, operations, commit_message=message, revision=upload.revision
        )
    except HfHubHTTPError as error:
        raise _refused(error, upload) from None
    except RuntimeError as error:  # of a file that is stored apart from the commit, as weights are
        if not isinstance(error.__cause__, HfHubHTTPError):
            raise
        raise _refused(error.__cause__, upload) from None
    except ConnectionError as error:
        if "xet-write-token" not in str(error) or "404" not in str(error):
            raise
        raise OSError(
            f"{constants.ENDPOINT} gives no access to Xet, by which huggingface_hub sends weights: "
            "HF_HUB_DISABLE_XET=1 sends them by Git LFS, which hubs of one's own mostly speak"
        ) from None
    return str(done.commit_url)


def _refused(error: HfHubHTTPError, upload: Upload) -> OSError:
    """A refusal of the hub, or of its store for weights, as one sentence with what to do."""
    from huggingface_hub import constants

    status = getattr(error.response, "status_code", None)
    why = {
        401: "the token is not valid: log in again with `hf auth login`",
        403: "the token may not write there: use one that may, and a name of your own",
        409: "somebody else changed the repository meanwhile: try again",
        413: "a file is larger than it takes",
        507: "there is no room left",
    }.get(status, (error.server_message or str(error)).splitlines()[0][:160])
    return OSError(
        f"{constants.ENDPOINT} answered {status} to the upload to {upload.repository}: {why}"
    )
