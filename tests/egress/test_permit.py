"""Only what the list names may be sent to, and a name may not lead to another network."""

from __future__ import annotations

import ipaddress

import pytest

from regrove.egress.permit import permit, permit_addresses
from regrove.egress.target import target_of
from regrove.errors import Refused
from regrove.settings import EgressPolicy

LISTED = EgressPolicy(allow=("hooks.example.com", "*.example.org", "api.example.net:8443", "93.184.216.34"))
LOCAL = EgressPolicy(allow=("localhost", "127.0.0.1:9000", "[::1]"), loopback=True)


class TestPermit:
    @pytest.mark.parametrize(
        ("policy", "url"),
        [
            (LISTED, "https://hooks.example.com/x"),
            (LISTED, "https://HOOKS.example.com:443/x"),
            (LISTED, "https://a.example.org/"),
            (LISTED, "https://a.b.example.org/"),
            (LISTED, "https://api.example.net:8443/"),
            (LISTED, "https://93.184.216.34/"),
            (LOCAL, "http://localhost:1234/"),
            (LOCAL, "https://localhost/"),
            (LOCAL, "http://127.0.0.1:9000/"),
            (LOCAL, "http://[::1]:5/"),
            (LOCAL, "http://[0:0::1]:5/"),
        ],
    )
    def test_what_is_listed(self, policy: EgressPolicy, url: str) -> None:
        """By name, by domain, by port, by address."""
        permit(policy, target_of(url))

    @pytest.mark.parametrize(
        ("policy", "url", "words"),
        [
            (EgressPolicy(), "https://hooks.example.com/", "it is empty"),
            (LISTED, "https://example.com/", "may be sent there"),
            (LISTED, "https://hooks.example.com.evil.example/", "may be sent there"),
            (LISTED, "https://evilhooks.example.com/", "may be sent there"),
            (LISTED, "https://example.org/", "may be sent there"),
            (LISTED, "https://evilexample.org/", "may be sent there"),
            (LISTED, "https://hooks.example.com:8443/", '"hooks.example.com:8443"'),
            (LISTED, "https://api.example.net/", "may be sent there"),
            (LISTED, "http://hooks.example.com/", "without encryption"),
            (LISTED, "http://127.0.0.1/", "this machine itself"),
            (LISTED, "https://localhost/", "this machine itself"),
            (EgressPolicy(allow=("localhost",)), "http://localhost/", "this machine itself"),
            (EgressPolicy(loopback=True), "http://localhost/", '"localhost"'),
            (LOCAL, "http://127.0.0.1:9001/", '"127.0.0.1"'),
            (LOCAL, "http://0.0.0.0:9000/", "without encryption"),
            (EgressPolicy(allow=("10.0.0.1",)), "https://10.0.0.1/", "a private network"),
            (EgressPolicy(allow=("169.254.169.254",), loopback=True), "https://169.254.169.254/", "metadata"),
            (EgressPolicy(allow=("0.0.0.0",), loopback=True), "https://0.0.0.0/", "this network"),
        ],
    )
    def test_what_is_not(self, policy: EgressPolicy, url: str, words: str) -> None:
        """The reason, and what would change it."""
        with pytest.raises(Refused, match=words):
            permit(policy, target_of(url))


class TestPermitAddresses:
    @pytest.mark.parametrize(
        "bad", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"]
    )
    def test_one_address_that_is_not_public_refuses_the_name(self, bad: str) -> None:
        """Also beside others that are, and also when this machine is allowed."""
        good = ipaddress.ip_address("93.184.216.34")
        for addresses in ([ipaddress.ip_address(bad)], [good, ipaddress.ip_address(bad)]):
            with pytest.raises(Refused, match="leads to a network"):
                permit_addresses(target_of("https://hooks.example.com/"), addresses)

    def test_this_machines_name_leads_here_alone(self) -> None:
        """A hosts file that says otherwise is not followed."""
        permit_addresses(
            target_of("http://localhost/"), [ipaddress.ip_address("::1"), ipaddress.ip_address("127.0.0.1")]
        )
        with pytest.raises(Refused, match="public"):
            permit_addresses(target_of("http://localhost/"), [ipaddress.ip_address("93.184.216.34")])
