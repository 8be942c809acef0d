"""Files of a model from the Hugging Face cache, else from the hub; what fails is told apart."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from minbert.data.addresses import check_address

logger = logging.getLogger(__name__)

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
"""A repository on the hub: owner/model."""

COMMIT = re.compile("[0-9a-f]{40}")

MEANINGS = {
    401: "it wants a login, or there is no such repository: check the name, or set HF_TOKEN",
    403: "it refuses access: accept the model's terms on its page, or set HF_TOKEN",
    404: "there is no such repository, or no such revision: check the name",
    407: "a proxy wants a login",
    429: "it was asked too often: try again later",
}
"""What an answer of the hub means; 5xx is added below."""


class HubFiles:
    """The files of one repository at one revision.

    Args:
        name: for the log and for sentences.
        repository: owner/model.
        revision: a commit; of a tag or a branch, None means `main`, the first file fixes what it is
            for the rest.
        only: names of the only files that are looked for; None means any.
    """

    def __init__(
        self,
        name: str,
        repository: str,
        revision: str | None = None,
        only: Collection[str] | None = None,
    ) -> None:
        self.name, self.repository, self.revision, self.only = name, repository, revision, only
        self._unknown: set[str] = set()

    def first(self, *names: str, optional: bool = False) -> Path | None:
        """The first of several files that is cached, else the first that the hub has.

        Args:
            names: paths inside the repository.
            optional: a file that most models lack; without a connection it is taken as absent,
                which the log says once.

        Returns:
            A path in the Hugging Face cache; None if the repository has none of them.

        Raises:
            FileNotFoundError: there is no such repository, or no connection.
            OSError: the hub refuses or fails; the sentence names address and answer.
            ValueError: the hub's address is not https.
        """
        from huggingface_hub import try_to_load_from_cache

        names = tuple(name for name in names if self.only is None or name in self.only)
        known_absent = set()
        for name in names:
            cached = try_to_load_from_cache(self.repository, name, revision=self.revision)
            if isinstance(cached, str):
                logger.info("%s: %s from the Hugging Face cache", self.name, name)
                return self._fixed(Path(cached))
            if cached is not None:
                known_absent.add(name)
        for name in names:
            if name not in known_absent and (path := self._fetch(name, optional)):
                return self._fixed(path)
        return None

    def _fetch(self, name: str, optional: bool) -> Path | None:
        from huggingface_hub import constants, hf_hub_download, hf_hub_url
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        url = hf_hub_url(self.repository, name, revision=self.revision)
        if not constants.HF_HUB_OFFLINE:
            check_address(url)
        try:
            path = hf_hub_download(self.repository, name, revision=self.revision)
        except Exception as error:  # of three libraries: the hub's, its web client's, the system's
            absent = isinstance(error, EntryNotFoundError)
            if absent and not isinstance(error, LocalEntryNotFoundError):
                return None
            if optional and _status(error) is None:
                self._say_unknown(name)
                return None
            raise _named(error, url, name, self.repository) from error
        logger.info("%s: %s from the hub %s", self.name, name, constants.ENDPOINT)
        return Path(path)

    def _say_unknown(self, name: str) -> None:
        if not self._unknown:
            logger.warning(
                "%s: without a connection nobody knows whether it has %s, …: taken as absent",
                self.name,
                name,
            )
        self._unknown.add(name)

    def _fixed(self, path: Path) -> Path:
        """All files come from the commit of the first: a branch may move in between."""
        folders = path.parts
        moves = self.revision is None or not COMMIT.fullmatch(self.revision)
        if moves and "snapshots" in folders[:-2]:
            self.revision = folders[len(folders) - 1 - folders[::-1].index("snapshots") + 1]
        return path


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error, or what caused it, carries."""
    for link in _chain(error):
        status = getattr(getattr(link, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _named(error: Exception, url: str, name: str, repository: str) -> Exception:
    """The sentence for what failed, under FileNotFoundError or OSError."""
    from huggingface_hub import constants

    status = _status(error)
    if status is not None and status >= 400:
        fails = "the hub itself fails: try again later"
        meaning = MEANINGS.get(status, fails if status >= 500 else "it refuses")
        kind = FileNotFoundError if status in (401, 404) else OSError
        return kind(f"{url} answered {status}, expected {name} of {repository}: {meaning}")
    where = f"{name} of {repository} is not in the Hugging Face cache and"
    if constants.HF_HUB_OFFLINE:
        return FileNotFoundError(
            f"{where} HF_HUB_OFFLINE forbids to ask {url}: go online, or give a folder"
        )
    kinds = {type(link).__name__: link for link in _chain(error)}
    late = next((kind for kind in kinds if "Timeout" in kind), None)
    if late:
        return FileNotFoundError(
            f"{where} {url} did not answer in time ({late}): try again, or give a folder"
        )
    if "FileMetadataError" in kinds:
        return OSError(
            f"{url} answered, but not as a hub does ({error!s:.120}): is HF_ENDPOINT right, or is "
            "there a login page between?"
        )
    if any("Connect" in kind or "Proxy" in kind or "Protocol" in kind for kind in kinds):
        return FileNotFoundError(
            f"{where} there is no connection to {url} ({', '.join(kinds)}): go online, or give a "
            "folder"
        )
    return OSError(f"{url} cannot be fetched ({', '.join(kinds)}: {error!s:.160})")
