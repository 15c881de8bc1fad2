"""Sending JSON to a host that the policy names: the one way out of the house."""

from __future__ import annotations

import re
import ssl
from typing import Any, Final

import msgspec

from regrove.digest.json import canonical
from regrove.egress.address import parsed
from regrove.egress.connection import Deadline, Dial, Received, dial, exchange
from regrove.egress.permit import permit, permit_addresses
from regrove.egress.resolve import Resolver, resolve, resolve_within
from regrove.egress.target import Target, target_of
from regrove.errors import InvalidInput, Refused
from regrove.settings import EgressPolicy, Secret

__all__ = ["Answer", "Egress"]

_LARGEST: Final = 1 << 20
_READ: Final = 1 << 16
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Answer(msgspec.Struct, frozen=True):
    """What a host answered.

    ``body`` is at most its first 64 KiB, and ``whole`` says whether that is all. What a host says is not to be shown
    without care: it may repeat what it was sent.
    """

    status: int
    body: bytes
    whole: bool = True

    @property
    def ok(self) -> bool:
        """Whether the host took the message."""
        return 200 <= self.status < 300

    @property
    def later(self) -> bool:
        """Whether the same message may be taken when it is sent again."""
        return self.status in _LATER


class Egress:
    """Sends to hosts that ``policy`` names, and to no other.

    A name is resolved once; every address that it has must be public; the connection goes to exactly such an address,
    while the certificate and the header ``Host`` are those of the name. So a name cannot lead elsewhere between the
    check and the connection. Redirects are not followed, proxies of the environment are not asked, and everything
    together ends within the time given. A URL is never shown beyond its host. Safe to share between threads.

    ``resolver`` and ``connect`` are how names are resolved and connections opened; ``tls`` is whom to trust, by
    default the machine's authorities.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        resolver: Resolver = resolve,
        connect: Dial = dial,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self._resolver = resolver
        self._connect = connect
        self._tls = tls

    def check(self, url: str | Secret) -> None:
        """Refuse a URL to which nothing may be sent, as far as that is known without asking the network.

        Raises InvalidInput for an unclear URL, Refused where the policy or an address says no, and NotFound for a
        secret that is not set.

        >>> Egress(EgressPolicy()).check("https://hooks.example.com/T01/secret")
        Traceback (most recent call last):
        ...
        regrove.errors.Refused: Nothing may be sent there.
          expected: a host of egress.allow: it is empty
          received: https://hooks.example.com
          mend:     add "hooks.example.com" to allow under [egress] in .regrove/settings.toml
        """
        self._target(url)

    def post_json(self, url: str | Secret, payload: Any, *, timeout_s: float = 10.0, key: str = "") -> Answer:
        """POST ``payload`` as JSON, and what was answered; a status that is not good is an answer too.

        ``key`` goes into the header ``Idempotency-Key``: a host that knows it takes a message once, however often it
        comes. Raises what `check` raises; InvalidInput for a payload that is no JSON or larger than 1 MiB; Refused
        for a name that leads to a network that is not public and for an answer that leads elsewhere; Unavailable when
        the host cannot be reached, is not who it should be, or does not answer in ``timeout_s``.
        """
        target = self._target(url)
        body, headers = _body(payload), _headers(key)
        if not 0 < timeout_s <= 600:
            raise InvalidInput("This is no time to wait", expected="0 to 600 seconds", received=repr(timeout_s))
        deadline = Deadline(timeout_s)
        if target.address is not None:
            addresses = [target.address]
        else:
            found = resolve_within(self._resolver, target.name, target.port, deadline.left())
            addresses = [parsed(each) for each in found]
            permit_addresses(target, addresses)
        received = exchange(
            target,
            addresses,
            body,
            headers,
            deadline=deadline,
            tls=self._trusting(),
            connect=self._connect,
            limit=_READ,
        )
        return _answer(target, received)

    def _target(self, url: str | Secret) -> Target:
        target = target_of(url.reveal() if isinstance(url, Secret) else url)
        permit(self.policy, target)
        return target

    def _trusting(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _body(payload: Any) -> bytes:
    try:
        body = canonical(payload)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("What is to be sent has no JSON form", received=type(error).__name__) from None
    if len(body) > _LARGEST:
        raise InvalidInput(
            "What is to be sent is too large", expected=f"at most {_LARGEST:,} bytes", received=f"{len(body):,} bytes"
        )
    return body


def _headers(key: str) -> dict[str, str]:
    headers = {
        "User-Agent": "regrove",
        "Content-Type": "application/json",
        "Accept": "application/json, */*;q=0.1",
        "Connection": "close",
    }
    if key:
        if not _KEY.fullmatch(key):
            raise InvalidInput(
                "This cannot be the key of a message",
                expected="1 to 255 visible ASCII characters",
                received=f"{len(key)} characters, or others",
            )
        headers["Idempotency-Key"] = key
    return headers


def _answer(target: Target, received: Received) -> Answer:
    if 300 <= received.status < 400:
        raise Refused(
            "The host leads elsewhere, and redirects are not followed",
            expected="an answer of its own",
            received=f"{target.place}: status {received.status}",
            mend="write the address it leads to into the declaration, and its host into egress.allow",
        )
    return Answer(received.status, received.body, received.whole)
