"""Only addresses of the public internet are public, whatever other address they carry."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.egress.address import network_of, parsed
from regrove.errors import Refused

V4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address) | st.integers(0, 2**125 - 1).map(
    lambda each: ipaddress.IPv6Address(each + (0b001 << 125))
)
PRIVATE = ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "8.8.8.8"]


class TestNetworkOf:
    @given(V4 | V6)
    @settings(deadline=None)
    def test_what_is_public_is_so_by_pythons_own_list_too(self, address: ipaddress.IPv4Address) -> None:
        """Two lists from the same registries; this one may refuse more, never less."""
        if network_of(address) == "public":
            assert address.is_global and not address.is_multicast and not address.is_reserved
            assert not address.is_loopback and not address.is_link_local and not address.is_unspecified

    @given(st.sampled_from(PRIVATE).map(ipaddress.IPv4Address) | V4)
    @settings(deadline=None)
    def test_an_address_inside_another_is_never_public(self, inner: ipaddress.IPv4Address) -> None:
        """Mapped, compatible, NAT64 in both its prefixes, 6to4, Teredo: not even around a public one."""
        number = int(inner)
        carriers = [
            (0xFFFF << 32) + number,
            number,
            (0x64FF9B << 96) + number,
            (0x64FF9B0001 << 80) + number,
            (0x2002 << 112) + (number << 80) + 1,
            (0x20010000 << 96) + (0x5DB8D822 << 64) + (number ^ 0xFFFFFFFF),
        ]
        for carrier in carriers:
            assert network_of(ipaddress.IPv6Address(carrier)) != "public"

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("169.254.169.254", "metadata"),
            ("168.63.129.16", "metadata"),
            ("100.100.100.200", "metadata"),
            ("fd00:ec2::254", "private"),
            ("127.8.9.1", "loopback"),
            ("::1", "loopback"),
            ("10.0.0.1", "private"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.168.255.255", "private"),
            ("100.127.255.255", "carrier"),
            ("169.254.0.1", "link-local"),
            ("fe80::1", "link-local"),
            ("fe80::1%eth0", "one interface"),
            ("2606:4700::1111%eth0", "one interface"),
            ("224.0.1.1", "multicast"),
            ("ff0e::1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("0.0.0.0", "this network"),
            ("::", "no address"),
            ("::ffff:8.8.8.8", "IPv4 address in IPv6"),
            ("64:ff9b::8.8.8.8", "NAT64"),
            ("64:ff9b:1::1", "NAT64"),
            ("2001:0:1::1", "Teredo"),
            ("2002:808:808::1", "6to4"),
            ("2001:db8::1", "documentation"),
            ("3fff::1", "documentation"),
            ("4000::1", "reserved"),
            ("fec0::1", "reserved"),
        ],
    )
    def test_networks_that_are_not_public_are_named(self, address: str, words: str) -> None:
        """So that a message says what stood in the way."""
        assert words in network_of(ipaddress.ip_address(address))

    @pytest.mark.parametrize(
        "address",
        ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0"]
        + [
            "169.253.1.1",
            "192.169.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
        ],
    )
    def test_public_ones(self, address: str) -> None:
        """Also right beside a network that is not."""
        assert network_of(ipaddress.ip_address(address)) == "public"


class TestParsed:
    @pytest.mark.parametrize("text", ["", "example.com", "127.1", "2130706433", "1.2.3.4/32", "\x00"])
    def test_what_is_no_address_is_refused(self, text: str) -> None:
        """A resolver that says such a thing is not to be trusted."""
        with pytest.raises(Refused):
            parsed(text)
