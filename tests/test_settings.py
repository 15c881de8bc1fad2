"""Settings say where a workspace keeps its things, and hold no secret in the open."""

from __future__ import annotations

import copy
import ipaddress
import json
import pickle
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.errors import InvalidDeclaration
from regrove.settings import EgressPolicy, Secret, SecretUnset, Settings, canonical_host


def written(root: Path, text: str) -> Path:
    folder = root / ".regrove"
    folder.mkdir(exist_ok=True)
    (folder / "settings.toml").write_text(text)
    return root


class TestRead:
    def test_without_a_file_everything_is_in_the_folder(self, tmp_path: Path) -> None:
        """The default needs no setting."""
        settings = Settings.read(tmp_path, environ={})
        assert settings.embedded
        assert settings.database.reveal() == f"sqlite:///{tmp_path}/.regrove/regrove.db"
        assert settings.objects == str(tmp_path / ".regrove" / "objects")

    def test_the_file_and_above_it_the_environment(self, tmp_path: Path) -> None:
        """What the environment says wins."""
        written(tmp_path, 'database = "postgresql://ann@db/flights"\nobjects = "s3://bucket/a"\n')
        assert Settings.read(tmp_path, environ={}).database.reveal() == "postgresql://ann@db/flights"
        here = {"REGROVE_DATABASE": "postgresql://ann:secret@db/other", "REGROVE_OBJECTS": "s3://bucket/b"}
        settings = Settings.read(tmp_path, environ=here)
        assert (settings.database.reveal(), settings.objects) == (here["REGROVE_DATABASE"], "s3://bucket/b")
        assert not settings.embedded
        assert "secret" not in repr(settings)

    def test_secrets_are_named_not_written(self, tmp_path: Path) -> None:
        """References to a variable and to a file beside the project are resolved when asked for."""
        options = 'secret_access_key = "file:key.txt"\nregion = "eu"\nallow_http = true\n'
        written(tmp_path, f'database = "env:DB"\n[object_options]\n{options}')
        (tmp_path / "key.txt").write_text("hush\n")
        settings = Settings.read(tmp_path, environ={"DB": "sqlite:////x.db"})
        assert settings.database.reveal() == "sqlite:////x.db"
        options = {name: secret.reveal() for name, secret in settings.object_options.items()}
        assert options == {"secret_access_key": "hush", "region": "eu", "allow_http": "true"}

    def test_a_password_in_the_file_is_refused_and_not_repeated(self, tmp_path: Path) -> None:
        """The message must not carry what it complains about."""
        written(tmp_path, 'database = "postgresql://ann:hunter2@db/flights"\n')
        with pytest.raises(InvalidDeclaration) as caught:
            Settings.read(tmp_path, environ={})
        assert "hunter2" not in str(caught.value) and "env:" in str(caught.value)

    def test_a_secret_option_in_the_open_is_refused(self, tmp_path: Path) -> None:
        """An option whose name says that it is secret must be a reference."""
        written(tmp_path, '[object_options]\nsecret_access_key = "hush"\n')
        with pytest.raises(InvalidDeclaration) as caught:
            Settings.read(tmp_path, environ={})
        assert "hush" not in str(caught.value)

    def test_a_typo_is_answered_with_line_and_nearest_key(self, tmp_path: Path) -> None:
        """A key that would be ignored is refused."""
        written(tmp_path, '# where\n\ndatabse = "sqlite:////x.db"\n')
        with pytest.raises(InvalidDeclaration, match=r"line 3: unknown key 'databse'[\s\S]*did you mean 'database'"):
            Settings.read(tmp_path, environ={})

    @pytest.mark.parametrize(
        "text", ["database = ", "database = 3", "objects = ''", "object_options = 1", "database='x'"]
    )
    def test_what_cannot_be_used_names_the_file(self, tmp_path: Path, text: str) -> None:
        """Whatever is wrong, the file is named."""
        written(tmp_path, text)
        with pytest.raises(InvalidDeclaration, match=r"settings\.toml"):
            Settings.read(tmp_path, environ={})

    def test_domain_time_is_the_machines_unless_the_file_says_replay(self, tmp_path: Path) -> None:
        """Another word is refused with the nearest."""
        assert Settings.read(tmp_path, environ={}).clock == "system"
        assert Settings.read(written(tmp_path, 'clock = "replay"\n'), environ={}).clock == "replay"
        with pytest.raises(InvalidDeclaration, match=r"did you mean 'replay'"):
            Settings.read(written(tmp_path, 'clock = "repaly"\n'), environ={})

    def test_how_many_processes_run_steps(self, tmp_path: Path) -> None:
        """As many as the machine carries unless the file or, above it, the environment says a number."""
        assert Settings.read(tmp_path, environ={}).workers is None
        assert Settings.read(written(tmp_path, "workers = 3\n"), environ={}).workers == 3
        assert Settings.read(tmp_path, environ={"REGROVE_WORKERS": "1"}).workers == 1

    @pytest.mark.parametrize("value", ["0", "-1", "true", "1.5", '"2"'])
    def test_another_number_of_processes_is_refused(self, tmp_path: Path, value: str) -> None:
        """In the file with its name, in the environment with the variable's."""
        with pytest.raises(InvalidDeclaration, match=r"settings\.toml: workers cannot be used"):
            Settings.read(written(tmp_path, f"workers = {value}\n"), environ={})
        with pytest.raises(InvalidDeclaration, match=r"REGROVE_WORKERS cannot be used[\s\S]*unset REGROVE_WORKERS"):
            Settings.read(tmp_path / "other", environ={"REGROVE_WORKERS": value})

    def test_a_file_that_cannot_be_read_says_so(self, tmp_path: Path) -> None:
        """A folder, or bytes that are no text, in place of the file."""
        (tmp_path / ".regrove" / "settings.toml").mkdir(parents=True)
        with pytest.raises(InvalidDeclaration, match="cannot be read"):
            Settings.read(tmp_path, environ={})


class TestEgress:
    def test_without_a_word_nothing_may_be_sent_anywhere(self, tmp_path: Path) -> None:
        """No network call that was not asked for."""
        assert Settings.read(tmp_path, environ={}).egress == EgressPolicy(allow=(), loopback=False)

    def test_hosts_domains_ports_and_addresses(self, tmp_path: Path) -> None:
        """Every form that an entry has."""
        entries = [
            "hooks.example.com",
            "*.example.org:8443",
            "127.0.0.1:9000",
            "[::1]",
            "localhost",
            "xn--bcher-kva.example",
        ]
        written(tmp_path, f"[egress]\nallow = {json.dumps(entries)}\nloopback = true\n")
        egress = Settings.read(tmp_path, environ={}).egress
        assert egress.allow == tuple(entries) and egress.loopback

    @pytest.mark.parametrize(
        "entry",
        ["", "*", "*.com", "*.", "*.*.example.com", "a.*.com", "https://hooks.example.com", "hooks.example.com/path"]
        + ["Hooks.example.com", "bücher.example", "hooks.example.com.", "hooks_a.example.com", "-a.example.com"]
        + [
            "user@example.com",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "*.127.0.0.1",
            "::1",
            "[fe80::1%eth0]",
        ]
        + [
            "[::0:1]",
            "a.example.com:",
            "a.example.com:0",
            "a.example.com:65536",
            "a.example.com:x",
            "a b.example",
        ]
        + [f"{'a' * 64}.example.com", ".".join(["abcdefg"] * 40), "example.com:8443:1", "[::1", "a.example.com\n"],
    )
    def test_an_entry_that_is_no_host_is_refused(self, tmp_path: Path, entry: str) -> None:
        """It would match nothing, or more than was meant."""
        written(tmp_path, f"[egress]\nallow = [{json.dumps(entry)}]\n")
        with pytest.raises(
            InvalidDeclaration, match=r"settings\.toml: egress\.allow cannot be used[\s\S]*hooks\.example"
        ):
            Settings.read(tmp_path, environ={})

    @pytest.mark.parametrize(
        "text", ["egress = 1", "[egress]\nallow = 'x.example'", "[egress]\nallow = [1]", "[egress]\nloopback = 'no'"]
    )
    def test_values_of_another_type_are_refused(self, tmp_path: Path, text: str) -> None:
        """The file and the key are named."""
        written(tmp_path, text)
        with pytest.raises(InvalidDeclaration, match=r"settings\.toml: egress cannot be used"):
            Settings.read(tmp_path, environ={})

    def test_a_typo_is_answered_with_line_and_nearest_key(self, tmp_path: Path) -> None:
        """A list that would be ignored is refused."""
        written(tmp_path, '[egress]\nalow = ["hooks.example.com"]\n')
        with pytest.raises(InvalidDeclaration, match=r"line 2: unknown key 'alow'[\s\S]*did you mean 'allow'"):
            Settings.read(tmp_path, environ={})

    @given(st.integers(0, 2**32 - 1))
    def test_an_address_has_one_form(self, number: int) -> None:
        """Every other one that some library reads as the same address is no host."""
        plain = str(ipaddress.IPv4Address(number))
        a, b, c, d = (int(each) for each in plain.split("."))
        others = [
            str(number),
            hex(number),
            oct(number).replace("o", ""),
            f"0{plain}",
            f"{a}.{(b << 16) + (c << 8) + d}",
        ]
        others += [f"{a}.{b}.{(c << 8) + d}", f"0x{a:x}.{b}.{c}.{d}", f"{a}.{b}.{c}.0{d:o}", f"{plain}.", f" {plain}"]
        assert canonical_host(plain) == plain
        assert [each for each in others if canonical_host(each) is not None] == []

    @given(st.integers(0, 2**128 - 1))
    def test_an_address_in_brackets_has_one_form(self, number: int) -> None:
        """Whatever way it was written; a zone is none."""
        address = ipaddress.IPv6Address(number)
        assert canonical_host(f"[{address.exploded.upper()}]") == f"[{address.compressed}]"
        assert canonical_host(f"[{address}%25eth0]") is None and canonical_host(str(address)) is None


class TestSecret:
    def test_it_is_never_shown_or_serialised(self) -> None:
        """repr, str, pickle, copy, JSON: none carries the value."""
        secret = Secret.hidden("hunter2")
        assert "hunter2" not in f"{secret!r} {secret}"
        for refuse in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, msgspec.to_builtins):
            with pytest.raises(TypeError):
                refuse(secret)

    def test_what_is_not_set_says_what_to_set(self, tmp_path: Path) -> None:
        """The variable or the file is named."""
        with pytest.raises(SecretUnset, match="export TOKEN="):
            Secret("env:TOKEN", environ={}).reveal()
        with pytest.raises(SecretUnset, match=r"write it into token\.txt"):
            Secret("file:token.txt", folder=tmp_path).reveal()

    @pytest.mark.parametrize("text", ["hunter2", "env:", "http://x", ""])
    def test_only_references_are_secrets(self, text: str) -> None:
        """A value in the open is refused without being repeated."""
        with pytest.raises(InvalidDeclaration) as caught:
            Secret(text)
        assert not text or text not in str(caught.value).replace("env:NAME", "")

    def test_it_is_read_each_time(self) -> None:
        """A rotated secret is seen without a restart."""
        environ: dict[str, Any] = {"TOKEN": "old"}
        secret = Secret("env:TOKEN", environ=environ)
        assert secret.reveal() == "old"
        environ["TOKEN"] = "new"
        assert secret.reveal() == "new"
        assert secret == Secret("env:TOKEN") and hash(secret) == hash(Secret("env:TOKEN"))
