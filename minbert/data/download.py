"""Fetch the course's files: pinned, verified, tried again."""

from __future__ import annotations

import http.client
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from minbert.data.addresses import check_address
from minbert.data.published import COMMIT, GIT_BLOBS, git_blob_id, is_published
from minbert.data.text import user_path
from minbert.folders.added import write_whole

logger = logging.getLogger(__name__)

LARGEST = 1 << 26
"""Bytes that are received at most: the largest of the course's files has less than half of it."""

MEANINGS = {
    401: "it wants a login",
    403: "it refuses access",
    404: "it has no such file: is the address right?",
    407: "a proxy wants a login",
    429: "it was asked too often: try again later",
}
"""What an answer means; 5xx is added below."""

BASE_URL = f"https://raw.githubusercontent.com/gpoesia/minbert-default-final-project/{COMMIT}/data"
CHUNK = 1 << 16

ATTEMPTS = 3
"""Times that a file is asked for before a connection is given up."""

PAUSE_S = 2.0
"""Seconds before it is asked for again."""


def download(
    to: str | Path,
    base_url: str = BASE_URL,
    force: bool = False,
    files: Sequence[str] | None = None,
    timeout_s: float = 30.0,
) -> None:
    """Fetch the course's files into a folder.

    Only over https, or http from this machine; at most `LARGEST` bytes a file; no link is written
    through. A file is verified by its git blob id before anything is written. Files that are
    already there and right are kept, so that the same command goes on where another ended.

    Args:
        to: folder; made if need be.
        base_url: where the files are, https (http on this machine); a mirror must hold the same
            bytes.
        force: replace files that are there but differ.
        files: names to fetch; None means all twelve.
        timeout_s: seconds without an answer after which a connection is given up.

    Raises:
        ValueError: a name is unknown, the address is not https, a file is there with other
            content, or what came is not the published file.
        OSError: the server cannot be reached or has no such file, or the folder cannot be written
            to.
    """
    to = user_path(to)
    names = list(files or GIT_BLOBS)
    unknown = [name for name in names if name not in GIT_BLOBS]
    if unknown:
        raise ValueError(
            f"{', '.join(unknown)} is none of the course's files: expected some of "
            f"{', '.join(GIT_BLOBS)}"
        )
    check_address(base_url)
    to.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = to / name
        if path.exists():
            if is_published(path):
                logger.info("%s: already there", name)
                continue
            if not force:
                raise ValueError(
                    f"{path} is there and is not the published file: move it away, or give --force"
                )
        url = f"{base_url.rstrip('/')}/{name}"
        content = _fetch(url, timeout_s)
        if (found := git_blob_id(content)) != GIT_BLOBS[name]:
            raise ValueError(
                f"{url} is not the published file: its git blob id is {found[:12]}…, expected "
                f"{GIT_BLOBS[name][:12]}…; nothing was written"
            )
        write_whole(path, content)
        logger.info("%s: fetched and verified", name)


def _fetch(url: str, timeout_s: float) -> bytes:
    """The content at an address; after a broken connection or 5xx it is asked for again."""
    for left in reversed(range(ATTEMPTS)):
        try:
            return _receive(url, timeout_s)
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            sentence = _sentence(url, error, timeout_s)
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or not left:
                raise OSError(sentence) from error
        logger.warning("%s; first it is tried again in %g s", sentence, PAUSE_S)
        time.sleep(PAUSE_S)
    raise AssertionError("the last attempt returns or raises")


def _sentence(url: str, error: Exception, timeout_s: float) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        meaning = MEANINGS.get(error.code, "it refuses")
        if error.code >= 500:
            meaning = "the server itself fails: try again later"
        elif error.code < 400:
            meaning = "it sends on in a circle, or to what is no address of a web server"
        return f"{url}: the server answered {error.code}, expected the file: {meaning}"
    reason = getattr(error, "reason", error)
    why = f"no connection: {reason!s:.120}"
    if isinstance(reason, TimeoutError):
        why = f"no answer within {timeout_s:g} s"
    elif isinstance(error, http.client.HTTPException):
        why = f"{type(error).__name__}: {str(error).strip():.120}"
    return f"{url} cannot be fetched ({why}): the same command goes on later"


class _SameCare(urllib.request.HTTPRedirectHandler):
    """Follow a redirect only to an address that could have been asked in the first place."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            check_address(newurl)
        except ValueError as error:
            fp.close()
            raise ValueError(f"{req.full_url} sends on to another address: {error}") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _receive(url: str, timeout_s: float) -> bytes:
    """What a server sends, up to `LARGEST` bytes."""
    opener = urllib.request.build_opener(_SameCare)
    with opener.open(url, timeout=timeout_s) as response:
        said = response.headers.get("Content-Length", "")
        promised = int(said) if said.isascii() and said.isdigit() else None
        _refuse_large(url, promised or 0)
        content = bytearray()
        name = url.rsplit("/", 1)[-1]
        with tqdm(total=promised, unit="B", unit_scale=True, desc=name, leave=False) as bar:
            while chunk := response.read(CHUNK):
                content += chunk
                _refuse_large(url, len(content))
                bar.update(len(chunk))
    if promised is not None and len(content) < promised:
        raise http.client.IncompleteRead(b"", promised - len(content))
    return bytes(content)


def _refuse_large(url: str, size: int) -> None:
    if size > LARGEST:
        raise ValueError(
            f"{url} sends {size} bytes or more, expected at most {LARGEST}: it is not the file"
        )
