"""What commands say that add files to a folder, of those that they left as they were."""

from __future__ import annotations

import logging
from collections.abc import Sequence

logger = logging.getLogger(__name__)


def say_kept(names: Sequence[str]) -> None:
    """Name the files that somebody changed, if there are any."""
    if names:
        logger.warning("kept as they are, because somebody changed them: %s", ", ".join(names))
