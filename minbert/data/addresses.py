"""Which addresses may be asked for a file: https, or this very machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(url: str) -> None:
    """Refuse what others on the way could change, and what is no address of a web server.

    Raises:
        ValueError: the address is neither https nor http on this machine.
    """
    try:
        parts = urlsplit(url)
        host, scheme = parts.hostname or "", parts.scheme.lower()
    except ValueError as error:
        raise ValueError(f"{url:.200} is no address: {error}, expected https://…") from None
    if not host or not (scheme == "https" or (scheme == "http" and is_loopback(host))):
        raise ValueError(
            f"{url:.200} begins with {scheme or 'no scheme'}, expected https: (http: only on this "
            "machine): nothing is fetched where others on the way could change it"
        )
