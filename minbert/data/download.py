"""Fetch the course's files: pinned, verified, resumable."""

from __future__ import annotations

import http.client
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tqdm.auto import tqdm

from minbert.data.published import COMMIT, GIT_BLOBS, git_blob_id, is_published
from minbert.data.text import user_path

logger = logging.getLogger(__name__)

BASE_URL = f"https://raw.githubusercontent.com/gpoesia/minbert-default-final-project/{COMMIT}/data"
CHUNK = 1 << 16


def download(
    to: str | Path,
    base_url: str = BASE_URL,
    force: bool = False,
    files: Sequence[str] | None = None,
    timeout_s: float = 30.0,
) -> None:
    """Fetch the course's files into a folder.

    Each file is written to `.NAME.minbert-half`, which a later call goes on with, verified by its
    git blob id, and only then given its name. Files that are already there and right are kept.

    Args:
        to: folder; made if need be.
        base_url: where the files are; a mirror must hold the same bytes.
        force: replace files that are there but differ.
        files: names to fetch; None means all twelve.
        timeout_s: seconds without an answer after which a connection is given up.

    Raises:
        ValueError: a name is unknown, a file is there with other content, or what came is not the
            published file.
        OSError: the server cannot be reached or has no such file.
    """
    to = user_path(to)
    names = list(files or GIT_BLOBS)
    unknown = [name for name in names if name not in GIT_BLOBS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is none of the course's files: expected some of "
                         f"{', '.join(GIT_BLOBS)}")  # fmt: skip
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
        _fetch(f"{base_url.rstrip('/')}/{name}", path, GIT_BLOBS[name], timeout_s)
        logger.info("%s: fetched and verified", name)


def _fetch(url: str, path: Path, expected: str, timeout_s: float) -> None:
    part = path.with_name(f".{path.name}.minbert-half")
    start = part.stat().st_size if part.exists() else 0
    if start and git_blob_id(part.read_bytes()) == expected:
        os.replace(part, path)
        return
    try:
        _receive(url, part, start, timeout_s)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # the part is longer than the file: not a beginning of it
            part.unlink(missing_ok=True)
            _receive(url, part, 0, timeout_s)
        else:
            raise OSError(f"{url}: the server answered {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise OSError(
            f"{url} cannot be fetched ({reason}): the same command goes on later"
        ) from error
    found = git_blob_id(part.read_bytes())
    if found != expected:
        part.unlink()
        raise ValueError(
            f"{url} is not the published file: its git blob id is {found[:12]}…, expected "
            f"{expected[:12]}…; nothing was kept"
        )
    os.replace(part, path)


def _receive(url: str, part: Path, start: int, timeout_s: float) -> None:
    """Append what is missing to `part`; start again where the server does not do ranges."""
    request = urllib.request.Request(url)
    if start:
        request.add_header("Range", f"bytes={start}-")
    with urllib.request.urlopen(request, timeout=timeout_s) as response:
        resumed = response.status == 206
        length = response.headers.get("Content-Length")
        missing = None if length is None else int(length)
        received = 0
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(
                total=None if missing is None else missing + (start if resumed else 0),
                initial=start if resumed else 0,
                unit="B",
                unit_scale=True,
                desc=part.name[1:].removesuffix(".minbert-half"),
                leave=False,
            ) as bar,
        ):
            while chunk := response.read(CHUNK):
                file.write(chunk)
                received += len(chunk)
                bar.update(len(chunk))
    if missing is not None and received < missing:
        raise http.client.IncompleteRead(b"", missing - received)
