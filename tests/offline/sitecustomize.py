"""No connection leaves this machine: loaded by every Python process that the tests start.

Python imports a module of this name at start-up when it finds one on PYTHONPATH, so that child
processes and notebook kernels are closed in as well.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

REFUSED = "the tests run without a network"


def _check(address: Any) -> None:
    if not isinstance(address, tuple):
        return  # a Unix socket
    host = address[0]
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host in ("", "localhost")
    if not local:
        raise ConnectionRefusedError(f"{REFUSED}: {host} is not this machine")


def _guarded(original: Any, position: int) -> Any:
    def call(self: socket.socket, *arguments: Any) -> Any:
        _check(arguments[position])
        return original(self, *arguments)

    return call


def _lookup(host: Any, *arguments: Any, **options: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None:
        _check((name,))
    return _getaddrinfo(host, *arguments, **options)


_getaddrinfo = socket.getaddrinfo


def close_in() -> None:
    """Refuse every connection and every look-up that is not of the loopback."""
    socket.socket.connect = _guarded(socket.socket.connect, 0)
    socket.socket.connect_ex = _guarded(socket.socket.connect_ex, 0)
    socket.socket.sendto = _guarded(socket.socket.sendto, -1)
    socket.getaddrinfo = _lookup


close_in()

if "MINBERT_TEST_PERTURBATION" in os.environ:
    import perturbed_weights

    perturbed_weights.install(os.environ["MINBERT_TEST_PERTURBATION"])
