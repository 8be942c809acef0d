"""Which files are the published ones: their names and content, at one commit."""

from __future__ import annotations

import hashlib
from pathlib import Path

COMMIT = "7ac8260577fc12a86c7aaf38918056c30054ef39"
"""Of the course's public repository `gpoesia/minbert-default-final-project`."""

GIT_BLOBS = {
    "ids-sst-train.csv": "9cb7333cb1dae49c2bd2a4b56a24882a6e8704b5",
    "ids-sst-dev.csv": "3171aa629a340809d2db4a50df8f6e5ec9420ab0",
    "ids-sst-test-student.csv": "bbd2313758825f86e24416d6aad64cd93370cf7a",
    "sts-train.csv": "12b17760e7795fee35aeeabc290d5651de02622a",
    "sts-dev.csv": "9392860e584717976b8d817cc40c9e6ceeec27e0",
    "sts-test-student.csv": "25f0cf8fafdd1f82b9e2bb460c708af34341ce60",
    "quora-train.csv": "a3b5546f6a0e65b60a328a5d294d1038f5bed1da",
    "quora-dev.csv": "de7cfa32428fd470b93f778fccc45a619e01336f",
    "quora-test-student.csv": "f257ef00558555afb50819578a58205732b16354",
    "ids-cfimdb-train.csv": "cd57bcbd2f7214ea6dd1783d3e885d324b1f478d",
    "ids-cfimdb-dev.csv": "8a0f5dcf3d40189b96c801a12cd79bf8003e61de",
    "ids-cfimdb-test-student.csv": "1e789c709b3ca0511f027a309b6d8bd21cde41b2",
}
"""The published files: git's name for their content, at the pinned commit COMMIT."""


def git_blob_id(content: bytes) -> str:
    """Git's name for a file's content: SHA-1 of `blob SIZE\\0` and the content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def is_published(path: Path) -> bool:
    """Whether a file has, under its own name, the published content."""
    return git_blob_id(path.read_bytes()) == GIT_BLOBS[path.name]
