"""Fetch the course's files: pinned, verified, resumable."""

from __future__ import annotations

import http.client
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from tqdm.auto import tqdm

from minbert.data.addresses import check_address
from minbert.data.published import COMMIT, GIT_BLOBS, git_blob_id, is_published
from minbert.data.text import user_path

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


def download(
    to: str | Path,
    base_url: str = BASE_URL,
    force: bool = False,
    files: Sequence[str] | None = None,
    timeout_s: float = 30.0,
) -> None:
    """Fetch the course's files into a folder.

    Only over https, or http from this machine; at most `LARGEST` bytes a file; no link is written
    through. Each file is written to `.NAME.minbert-half`, which a later call goes on with; it is
    verified by its git blob id, and only then given its name. Files that are already there and
    right are kept.

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
        raise ValueError(f"{', '.join(unknown)} is none of the course's files: expected some of "
                         f"{', '.join(GIT_BLOBS)}")  # fmt: skip
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
        _fetch(f"{base_url.rstrip('/')}/{name}", path, GIT_BLOBS[name], timeout_s)
        logger.info("%s: fetched and verified", name)


def _fetch(url: str, path: Path, expected: str, timeout_s: float) -> None:
    part = path.with_name(f".{path.name}.minbert-half")
    if part.is_symlink() or (part.exists() and not part.is_file()):
        raise ValueError(f"{part} is a link or no file, expected the part of {url}: move it away")
    start = part.stat().st_size if part.exists() else 0
    if start > LARGEST:
        raise ValueError(f"{part} has {start} bytes, expected at most {LARGEST}: move it away")
    if start and git_blob_id(part.read_bytes()) == expected:
        os.replace(part, path)
        return
    try:
        _receive(url, part, start, timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:  # the part is longer than the file: not a beginning of it
            part.unlink(missing_ok=True)
            return _fetch(url, path, expected, timeout_s)
        fails = "the server itself fails: try again later" if error.code >= 500 else "it refuses"
        if error.code < 400:
            fails = "it sends on in a circle, or to what is no address of a web server"
        raise OSError(
            f"{url}: the server answered {error.code}, expected the file: "
            f"{MEANINGS.get(error.code, fails)}"
        ) from error
    except (TimeoutError, ConnectionError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        late = isinstance(reason, TimeoutError)
        why = f"no answer within {timeout_s:g} s" if late else f"no connection: {reason}"
        raise OSError(f"{url} cannot be fetched ({why}): the same command goes on later") from error
    except http.client.HTTPException as error:
        why = f"{type(error).__name__}: {str(error).strip():.120}"
        raise OSError(f"{url} cannot be fetched ({why}): the same command goes on later") from error
    found = git_blob_id(part.read_bytes())
    if found != expected:
        part.unlink()
        raise ValueError(
            f"{url} is not the published file: its git blob id is {found[:12]}…, expected "
            f"{expected[:12]}…; nothing was kept"
        )
    os.replace(part, path)


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


def _receive(url: str, part: Path, start: int, timeout_s: float) -> None:
    """Append what is missing to `part`; start again where the server does not do ranges."""
    request = urllib.request.Request(url)
    if start:
        request.add_header("Range", f"bytes={start}-")
    opener = urllib.request.build_opener(_SameCare)
    with opener.open(request, timeout=timeout_s) as response:
        resumed = response.status == 206
        begins = response.headers.get("Content-Range", "")
        if resumed and begins and not begins.startswith(f"bytes {start}-"):
            part.unlink(missing_ok=True)
            raise OSError(
                f"{url} answered with {begins!r:.40}, expected bytes from {start} on: the part was "
                "dropped, the same command begins anew"
            )
        said = response.headers.get("Content-Length", "")
        missing = int(said) if said.isascii() and said.isdigit() else None
        have = start if resumed else 0
        _refuse_large(url, have + (missing or 0))
        received = 0
        with (
            _opened(part, resumed) as file,
            tqdm(
                total=None if missing is None else missing + have,
                initial=have,
                unit="B",
                unit_scale=True,
                desc=part.name[1:].removesuffix(".minbert-half"),
                leave=False,
            ) as bar,
        ):
            while chunk := response.read(CHUNK):
                received += len(chunk)
                _refuse_large(url, have + received)
                _write(file, chunk, part)
                bar.update(len(chunk))
    if missing is not None and received < missing:
        raise http.client.IncompleteRead(b"", missing - received)


def _refuse_large(url: str, size: int) -> None:
    if size > LARGEST:
        raise ValueError(
            f"{url} sends {size} bytes or more, expected at most {LARGEST}: it is not the file"
        )


def _opened(part: Path, resumed: bool) -> IO[bytes]:
    """Open for writing, or appending, without following a link that is there by now."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if resumed else os.O_TRUNC)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(part, flags, 0o666), "wb")


def _write(file: IO[bytes], chunk: bytes, part: Path) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise OSError(
            f"{part} cannot be written ({error.strerror or error}): make room, and the same "
            "command goes on"
        ) from error
