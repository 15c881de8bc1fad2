"""One request over one connection to one checked address, with an end to the time it may take.

Python's sockets limit each operation, so a server that sends a byte now and then is waited for without end. Here every
read and write gets what is left until the deadline.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import msgspec

from regrove.egress.address import Address
from regrove.egress.target import Target
from regrove.errors import Unavailable

__all__ = ["Deadline", "Dial", "Received", "dial", "exchange"]

_SLICE: Final = 1 << 16

Dial = Callable[[str, int, float], socket.socket]
"""Opens a connection to an address and a port within so many seconds; raises OSError."""


class Deadline:
    """An instant until which something may last."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left; TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return left


class Received(msgspec.Struct, frozen=True):
    """What came back: a status, the beginning of the body, and whether that is the whole of it."""

    status: int
    body: bytes
    whole: bool


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to exactly this address; no name is resolved and no proxy is asked."""
    return socket.create_connection((address, port), timeout=seconds)


def exchange(
    target: Target,
    addresses: Sequence[Address],
    body: bytes,
    headers: Mapping[str, str],
    *,
    deadline: Deadline,
    tls: ssl.SSLContext,
    connect: Dial,
    limit: int,
) -> Received:
    """POST ``body`` to the first of ``addresses`` that takes a connection; at most ``limit`` bytes are read.

    Raises Unavailable when none does, when its certificate is not that of the host, when nothing comes back in time,
    and when what comes back is no HTTP.
    """
    with (
        closing(_connected(target, addresses, deadline, connect)) as plain,
        closing(_encrypted(plain, target, deadline, tls)) as channel,
    ):
        try:
            return _spoken(_Timed(channel, deadline), target, body, headers, limit)
        except TimeoutError:
            raise Unavailable(
                "The host did not answer in time",
                received=f"{target.place}: whether it took the message is not known",
                mend="send it again with the same key",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                "The host broke off, or does not speak HTTP",
                received=f"{target.place}: {type(error).__name__}",
                mend="send it again with the same key",
            ) from None


def _connected(target: Target, addresses: Sequence[Address], deadline: Deadline, connect: Dial) -> socket.socket:
    """Nothing was sent yet, so another address may be tried."""
    said = "no address"
    for address in addresses:
        try:
            return connect(str(address), target.port, deadline.left())
        except OSError as error:
            said = f"{address}: {error.strerror or error}"
    raise Unavailable("The host takes no connection", received=f"{target.place}: {said}")


def _encrypted(plain: socket.socket, target: Target, deadline: Deadline, tls: ssl.SSLContext) -> socket.socket:
    """Nothing of the message was sent yet, whatever goes wrong here."""
    if target.scheme == "http":
        return plain
    try:
        plain.settimeout(deadline.left())
        return tls.wrap_socket(plain, server_hostname=target.name)
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            "The host could not prove who it is",
            expected=f"a certificate for {target.name} from an authority that this machine trusts",
            received=error.verify_message or "another certificate",
            mend=f"openssl s_client -connect {target.host}:{target.port} -servername {target.name}",
        ) from None
    except OSError as error:
        said = "not in time" if isinstance(error, TimeoutError) else type(error).__name__
        raise Unavailable("The host makes no encrypted connection", received=f"{target.place}: {said}") from None


def _spoken(channel: _Timed, target: Target, body: bytes, headers: Mapping[str, str], limit: int) -> Received:
    connection = http.client.HTTPConnection(target.name, target.port)
    connection.auto_open = 0  # never another connection than the checked one
    connection.sock = channel
    connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": target.authority, **headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    try:
        start = answer.read(limit + 1)
        whole = len(start) <= limit and not answer.length
    except (OSError, http.client.HTTPException):
        return Received(answer.status, b"", whole=False)  # the status is known, and only the status decides
    return Received(answer.status, start[:limit], whole)


class _Timed:
    """A socket as `http.client` uses one, with a deadline for everything together."""

    def __init__(self, channel: socket.socket, deadline: Deadline) -> None:
        self.channel = channel
        self.deadline = deadline

    def sendall(self, data: Any) -> None:
        """Send all of it, slice by slice."""
        rest = memoryview(data)
        while rest:
            self.channel.settimeout(self.deadline.left())
            rest = rest[self.channel.send(rest[:_SLICE]) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What is received, as a file."""
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Nothing: whoever opened the channel closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, timed: _Timed) -> None:
        self._timed = timed

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Receive what there is, within what is left of the time."""
        self._timed.channel.settimeout(self._timed.deadline.left())
        return self._timed.channel.recv_into(buffer)
