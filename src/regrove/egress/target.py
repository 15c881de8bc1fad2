"""Where a URL leads, read strictly: what two programs could read in two ways is refused."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import msgspec

from regrove.errors import InvalidInput
from regrove.settings import canonical_host, split_port

__all__ = ["Target", "target_of"]

_SHAPE: Final = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^#]*)(?P<fragment>#.*)?", re.IGNORECASE
)
_LONGEST: Final = 4_096
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|[\\\"<>^`{|}]")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a URL. ``path`` may hold a secret and is never shown."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """Scheme, host and port: all of a URL that may be told."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own: what the header ``Host`` says."""
        usual = {"https": 443, "http": 80}[self.scheme]
        return self.host if self.port == usual else f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """The host without brackets: what a certificate is for."""
        return self.host.strip("[]")

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The address that the host is, or None for a name."""
        try:
            return ipaddress.ip_address(self.name)
        except ValueError:
            return None

    @property
    def is_local(self) -> bool:
        """Whether this machine itself is meant: ``localhost`` or a loopback address, not a name that leads here."""
        address = self.address
        return self.host == "localhost" or (address is not None and address.is_loopback)

    def __repr__(self) -> str:
        """Without the path."""
        return f"Target({self.place}/...)"


def target_of(url: str) -> Target:
    """The target of ``url``. Raises InvalidInput, without repeating the URL, for one that is not clear.

    >>> target_of("https://hooks.example.com/T01/secret")
    Target(https://hooks.example.com/...)
    """
    if len(url) > _LONGEST or _UNSAFE.search(url):
        raise _unclear("characters that a URL cannot hold as they are, or too many of them")
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        raise _unclear("no http or https URL")
    if "@" in shape["authority"]:
        raise _unclear("a user name or a password in it", "put a secret into the path, and the whole URL into env:NAME")
    if shape["fragment"] is not None:
        raise _unclear("a part after #, which is never sent")
    scheme = shape["scheme"].lower()
    host, port = split_port(shape["authority"])
    clear = canonical_host(host)
    if clear is None:
        raise _unclear(
            "a host that is no name and no address in its usual form",
            "write names in ASCII (xn--), IPv4 as four decimal numbers, IPv6 in brackets without a zone",
        )
    if port is not None and not 0 < port < 65_536:
        raise _unclear("a port that is no number from 1 to 65535")
    path = shape["path"] if shape["path"].startswith("/") else f"/{shape['path']}"
    usual = {"https": 443, "http": 80}[scheme]
    return Target(scheme=scheme, host=clear, port=usual if port is None else port, path=path)


def _unclear(received: str, mend: str = "") -> InvalidInput:
    return InvalidInput(
        "The address to send to cannot be used (it is not shown, for it may hold a secret)",
        expected="a URL such as https://hooks.example.com/path",
        received=received,
        mend=mend,
    )
