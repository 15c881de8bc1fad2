"""A URL is read in one way or not at all, and never repeated."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.egress.target import target_of
from regrove.errors import InvalidInput

LABEL = st.from_regex(r"\A[a-z]([a-z0-9-]{0,8}[a-z0-9])?\Z")
HOSTS = st.lists(LABEL, min_size=1, max_size=4).map(".".join) | st.ip_addresses(v=4).map(str)
HOSTS |= st.ip_addresses(v=6).map(lambda each: f"[{each}]")


class TestTargetOf:
    @given(HOSTS, st.none() | st.integers(1, 65_535), st.text("abc/?=&%20._~-", max_size=20), st.booleans())
    @settings(deadline=None)
    def test_a_clear_url_is_read_as_the_standard_library_reads_it(
        self, host: str, port: int | None, path: str, upper: bool
    ) -> None:
        """Scheme, host, port and path; case of the host does not matter."""
        url = f"https://{host.upper() if upper else host}{'' if port is None else f':{port}'}/{path}"
        target, parts = target_of(url), urlsplit(url)
        assert (target.scheme, target.name, target.port) == (parts.scheme, parts.hostname, parts.port or 443)
        assert target.path == (parts.path or "/") + (f"?{parts.query}" if url.count("?") else "")
        assert target.authority == (target.host if target.port == 443 else f"{target.host}:{target.port}")

    @given(st.text(max_size=60) | st.text(st.characters(max_codepoint=127), max_size=30).map("https://".__add__))
    @settings(deadline=None)
    def test_of_any_text_there_is_a_target_or_an_error_that_does_not_repeat_it(self, text: str) -> None:
        """Nothing in between, and no other error."""
        try:
            target = target_of(text)
        except InvalidInput as error:
            assert len(text) < 12 or text not in str(error)
        else:
            assert target.name == urlsplit(text).hostname or target.address is not None

    @given(st.integers(0, 2**32 - 1))
    @settings(deadline=None)
    def test_an_address_in_disguise_is_no_host(self, number: int) -> None:
        """Decimal, octal, hexadecimal, shortened: what a resolver of the system would still understand."""
        a, b, c, d = (int(each) for each in str(ipaddress.IPv4Address(number)).split("."))
        forms = [
            str(number),
            hex(number),
            f"0{number:o}",
            f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
            f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        ]
        forms += [f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{number & 0xFFFF}", f"{a}.{b}.{c}.{d}.", f"{a}.{b}.{c}.0x{d:x}"]
        for form in forms:
            with pytest.raises(InvalidInput, match="no name and no address"):
                target_of(f"https://{form}/")

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "hooks.example.com",
            "//hooks.example.com/",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "https:hooks.example.com",
            "https:///path",
            "https://user@hooks.example.com/",
            "https://user:hunter2@hooks.example.com/",
            "https://hooks.example.com@127.0.0.1/",
            "https://hooks.example.com:hunter2@127.0.0.1/",
            "https://hooks.example.com\\@127.0.0.1/",
            "https://hooks.example.com /",
            "https://hooks.example.com/\r\nHost: evil.example",
            "https://hooks.example.com/\tpath",
            "https://hooks.example.com/\x00",
            "https://hooks.example.com/#part",
            "https://hooks.example.com#@127.0.0.1/",
            "https://hooks.example.com:/",
            "https://hooks.example.com:0/",
            "https://hooks.example.com:65536/",
            "https://hooks.example.com:4４3/",
            "https://hooks.example.com:+443/",
            "https://hooks.example.com:443:443/",
            "https://hooks.example.com./",
            "https://hooks%2eexample.com/",
            "https://hooks。example。com/",
            "https://bücher.example/",
            "https://ⓛocalhost/",
            "https://[::1/",
            "https://::1/",
            "https://[::1%25lo]/",
            "https://[fe80::1%eth0]/",
            "https://[127.0.0.1]/",
            "https://[::1]x/",
            "https://127.0.0.1:80:80/",
            "https://-a.example.com/",
            f"https://{'a' * 64}.example.com/",
            f"https://hooks.example.com/{'a' * 5000}",
        ],
    )
    def test_what_could_be_read_in_two_ways_is_refused(self, url: str) -> None:
        """And a secret in it is not told."""
        with pytest.raises(InvalidInput) as caught:
            target_of(url)
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize("who", ["user", "user:hunter2", "hooks.example.com", "hooks.example.com:443", "a@b", ""])
    def test_a_user_name_is_named_as_what_is_wrong(self, who: str) -> None:
        """It is what a disguised host looks like, and where secrets do not belong."""
        with pytest.raises(InvalidInput, match="a user name or a password"):
            target_of(f"https://{who}@127.0.0.1/")

    def test_it_shows_no_path(self) -> None:
        """Webhooks carry their secret there."""
        target = target_of("https://hooks.example.com:8443/T01/hunter2?key=hunter2")
        assert (
            "hunter2" not in f"{target!r} {target} {target.place}" and target.place == "https://hooks.example.com:8443"
        )

    @pytest.mark.parametrize(
        ("url", "local"),
        [
            ("http://localhost/", True),
            ("http://127.3.2.1/", True),
            ("http://[::1]/", True),
            ("http://a.localhost/", False),
            ("http://localhost.example.com/", False),
            ("http://0.0.0.0/", False),
        ],
    )
    def test_this_machine_is_named_by_three_names_alone(self, url: str, local: bool) -> None:
        """A name that happens to lead here does not mean here."""
        assert target_of(url).is_local is local
