"""A name is resolved by the machine, within a time."""

from __future__ import annotations

import socket
import threading

import pytest

from regrove.egress.resolve import resolve, resolve_within
from regrove.errors import Unavailable


class TestResolve:
    def test_the_machines_own_resolver(self) -> None:
        """Each address once, as text."""
        found = resolve("localhost", 80)
        assert found and set(found) <= {"127.0.0.1", "::1"} and len(found) == len(set(found))

    def test_what_the_machine_cannot_resolve(self) -> None:
        """The name is told; it is not a secret."""

        def nowhere(host: str, port: int) -> list[str]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        with pytest.raises(Unavailable, match=r"leads nowhere[\s\S]*hooks\.example\.com: Name or service not known"):
            resolve_within(nowhere, "hooks.example.com", 443, 5)
        with pytest.raises(Unavailable, match="no address"):
            resolve_within(lambda host, port: [], "hooks.example.com", 443, 5)

    def test_a_resolver_that_is_late_is_left_behind(self) -> None:
        """The system's takes no time limit."""
        gate = threading.Event()

        def late(host: str, port: int) -> list[str]:
            gate.wait()
            return []

        try:
            with pytest.raises(Unavailable, match="not resolved in time"):
                resolve_within(late, "hooks.example.com", 443, 0.01)
        finally:
            gate.set()
