"""From a name to addresses, once, within a time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence

from regrove.errors import Unavailable

__all__ = ["Resolver", "resolve", "resolve_within"]

Resolver = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host as text, best first; raises OSError when there are none."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of ``host`` as this machine's resolver gives them, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def resolve_within(resolver: Resolver, host: str, port: int, seconds: float) -> list[str]:
    """What ``resolver`` gives, or Unavailable when it gives nothing in time.

    The system's resolver takes no time limit, so it runs in a thread that is left behind when it is late.
    """
    found: list[str] = []
    failed: list[OSError] = []

    def look() -> None:
        try:
            found.extend(resolver(host, port))
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=look, name="egress-resolve", daemon=True)
    thread.start()
    thread.join(max(seconds, 0.0))
    if thread.is_alive():
        raise Unavailable("The name of the host was not resolved in time", received=host)
    if failed or not found:
        said = failed[0].strerror if failed else "no address"
        raise Unavailable("The name of the host leads nowhere", received=f"{host}: {said}", mend=f"getent hosts {host}")
    return list(found)
