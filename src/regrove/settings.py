"""Where a workspace keeps its things: which database, which objects, and the secrets that open them.

Settings say *where*, declarations say *what*: the same project runs on SQLite in a folder or on PostgreSQL and S3 by
changing settings alone. They are read from ``.regrove/settings.toml`` and, above it, from the environment::

    database = "env:REGROVE_DATABASE_URL"     # or a URL without a password; default: SQLite in .regrove/
    objects = "s3://bucket/prefix"            # default: the folder .regrove/objects
    clock = "replay"                          # domain time is turned by hand; default: "system"
    workers = 1                               # processes that run steps; default: as many as the processors carry

    [object_options]                          # what the object store needs to be opened
    region = "eu-west-1"
    secret_access_key = "env:AWS_SECRET_ACCESS_KEY"

    [egress]                                  # where this workspace may send something; default: nowhere
    allow = ["hooks.example.com", "*.alerts.example.com:8443"]
    loopback = false                          # whether this machine itself may be among them

A file that people commit holds no secret: it holds ``env:NAME`` or ``file:PATH``.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, get_args
from urllib.parse import urlsplit

import msgspec

from regrove.errors import InvalidDeclaration, NotFound, RegroveError, nearest

__all__ = ["FOLDER", "ClockKind", "EgressPolicy", "Secret", "SecretUnset", "Settings", "canonical_host"]

FOLDER: Final = ".regrove"
"""The folder of a workspace's own things, beside ``regrove.toml``."""

ClockKind = Literal["system", "replay"]
"""Where domain time comes from: the machine's clock, or one that stands in the database until it is turned."""

_ENVIRONMENT: Final = {"REGROVE_DATABASE": "database", "REGROVE_OBJECTS": "objects", "REGROVE_WORKERS": "workers"}
_NAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_WORKERS: Final = "a number of processes, at least 1"
_SECRET_WORDS: Final = ("secret", "password", "token", "access_key", "credential")


class SecretUnset(NotFound):
    """A secret is named, but what it names is not there."""

    code = "secret-unset"


class Secret:
    """Something that opens a door: shown as where it comes from, never as what it is.

    A secret is read when `reveal` is called, so that it can be rotated while a process runs. It cannot be pickled,
    copied into JSON, or printed.

    >>> Secret("env:DATABASE_PASSWORD")
    Secret(env:DATABASE_PASSWORD)
    >>> Secret.hidden("correct horse")
    Secret(hidden)
    """

    __slots__ = ("_environ", "_folder", "_reference", "_value")

    def __init__(self, reference: str, *, folder: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
        if not reference.startswith(("env:", "file:")) or not reference.partition(":")[2]:
            raise InvalidDeclaration(
                "A secret stands in the open",
                expected="env:NAME or file:PATH",
                received="something else (not shown)",
                mend="put the value into an environment variable or a file and name that",
            )
        self._reference = reference
        self._folder = folder
        self._environ = environ
        self._value: str | None = None

    @classmethod
    def hidden(cls, value: str) -> Secret:
        """A secret whose value is here already, for example given by a caller or by the environment."""
        secret = cls("env:hidden")
        secret._reference = "hidden"
        secret._value = value
        return secret

    def reveal(self) -> str:
        """The value itself; SecretUnset when the variable or the file is not there or is empty."""
        if self._value is not None:
            return self._value
        source, _, name = self._reference.partition(":")
        if source == "env":
            value = (os.environ if self._environ is None else self._environ).get(name, "")
        else:
            value = self._read(Path(name))
        if not value:
            raise SecretUnset(
                f"The secret {self._reference} is not set",
                mend=f"export {name}=..." if source == "env" else f"write it into {name}",
            )
        return value

    def _read(self, path: Path) -> str:
        try:
            return ((self._folder or Path()) / path.expanduser()).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""  # said by the caller, which names the file and never its content

    def __repr__(self) -> str:
        """Where the secret comes from."""
        return f"Secret({self._reference})"

    def __eq__(self, other: object) -> bool:
        """Two secrets are equal when they come from the same place."""
        if not isinstance(other, Secret):
            return NotImplemented
        return (self._reference, self._value) == (other._reference, other._value)

    def __hash__(self) -> int:
        """By place, never by value."""
        return hash(self._reference)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("a Secret is never serialised")


class EgressPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Where this workspace may send something: by default nowhere.

    An entry of ``allow`` is a host, ``*.`` and a domain for every host below it, or an address; each may end in
    ``:port``, and means port 443 (on this machine: any) without. ``loopback`` says whether this machine itself may be
    among them. Raises InvalidDeclaration for an entry that is no host in one clear form.

    >>> EgressPolicy(allow=("hooks.example.com", "*.example.org:8443")).loopback
    False
    """

    allow: tuple[str, ...] = ()
    loopback: bool = False

    def __post_init__(self) -> None:
        """Refuse an entry that could never match, or match more than was meant."""
        for entry in self.allow:
            host, port = split_port(entry)
            domain = host.removeprefix("*.")
            whole = canonical_host(domain) == domain and (host == domain or _is_domain(domain))
            if not whole or not (port is None or 0 < port < 65_536):
                raise InvalidDeclaration(
                    "An entry of egress.allow is no host",
                    expected="a host such as hooks.example.com, *.example.com or hooks.example.com:8443, in lower case",
                    received=repr(entry),
                    mend="leave out scheme and path; write other letters as xn--",
                )


def canonical_host(text: str) -> str | None:
    """A host in its one clear form, or None for everything else that some program takes for one.

    Clear are names of letters, digits and hyphens whose last part begins with a letter, IPv4 addresses of four decimal
    numbers, and IPv6 addresses in brackets without a zone.

    >>> canonical_host("Hooks.Example.com"), canonical_host("[::0:1]")
    ('hooks.example.com', '[::1]')
    >>> [canonical_host(each) for each in ("127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "[fe80::1%eth0]")]
    [None, None, None, None, None]
    """
    lower = text.lower()
    try:
        if lower.startswith("[") and lower.endswith("]"):
            return None if "%" in lower else f"[{ipaddress.IPv6Address(lower[1:-1]).compressed}]"
        return str(ipaddress.IPv4Address(lower))
    except ValueError:
        return lower if len(lower) <= 253 and _NAME.fullmatch(lower) else None


def split_port(text: str) -> tuple[str, int | None]:
    """Host and port of an authority; the port is None without one, and -1 for one that is no number.

    >>> split_port("[::1]:80"), split_port("example.com"), split_port("example.com:")
    (('[::1]', 80), ('example.com', None), ('example.com', -1))
    """
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        return text, None
    return host, int(port) if port.isascii() and port.isdecimal() and len(port) <= 5 else -1


def _is_domain(name: str) -> bool:
    return "." in name and name[-1].isalpha()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a workspace keeps its things.

    ``database`` and the values of ``object_options`` are Secrets because a URL may hold a password; ``objects`` is a
    folder or the URL of a store. ``root`` is the project's folder and ``folder`` the workspace's own. ``clock`` says
    where domain time comes from, ``egress`` where something may be sent, and ``workers`` how many processes run steps
    (None: as many as the processors carry; each holds its libraries and data in memory).
    """

    root: Path
    database: Secret
    objects: str
    object_options: dict[str, Secret] = {}
    clock: ClockKind = "system"
    egress: EgressPolicy = EgressPolicy()
    workers: int | None = None

    @property
    def folder(self) -> Path:
        """``.regrove`` in the project's folder."""
        return self.root / FOLDER

    @property
    def embedded(self) -> bool:
        """Whether both database and objects are in the workspace's own folder."""
        return self.database.reveal() == _sqlite(self.root) and self.objects == str(self.folder / "objects")

    @classmethod
    def read(cls, root: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None) -> Settings:
        """The settings of the project in ``root``: defaults, then ``.regrove/settings.toml``, then the environment.

        Raises InvalidDeclaration for a file that is no TOML, for an unknown key (with the nearest and its line), and
        for a password written in the open.
        """
        base = Path(root).absolute()
        surroundings = os.environ if environ is None else environ
        source = base / FOLDER / "settings.toml"
        given = _parse(source)
        where = _Where(source, surroundings)
        values: dict[str, Any] = {
            "database": where.database(given["database"]) if "database" in given else Secret.hidden(_sqlite(base)),
            "objects": where.text("objects", given.get("objects", str(base / FOLDER / "objects"))),
            "object_options": where.options(given.get("object_options", {})),
            "clock": where.clock(given.get("clock", "system")),
            "egress": where.egress(given.get("egress", {})),
            "workers": where.workers(given["workers"]) if "workers" in given else None,
        }
        for variable, name in _ENVIRONMENT.items():
            value = surroundings.get(variable, "")
            if value:
                values[name] = _of_variable(variable, name, value)
        return cls(root=base, **values)


def _of_variable(variable: str, name: str, value: str) -> Secret | str | int:
    if name == "database":
        return Secret.hidden(value)
    if name == "workers":
        if not value.isascii() or not value.isdecimal() or int(value) < 1:
            raise InvalidDeclaration(
                f"{variable} cannot be used", expected=_WORKERS, received=repr(value), mend=f"unset {variable}"
            )
        return int(value)
    return value


def _sqlite(root: Path) -> str:
    return f"sqlite:///{root / FOLDER / 'regrove.db'}"


def _parse(source: Path) -> dict[str, Any]:
    try:
        text = source.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDeclaration(f"{source} cannot be read: {error}") from error
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidDeclaration(f"{source} is no TOML: {error}", mend="correct the line named above") from None
    known = ("database", "objects", "object_options", "clock", "egress", "workers")
    _refuse_unknown(given, known, source, text)
    if isinstance(given.get("egress"), dict):
        _refuse_unknown(given["egress"], ("allow", "loopback"), source, text)
    return given


def _refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...], source: Path, text: str) -> None:
    for key in given:
        if key not in known:
            raise InvalidDeclaration(
                f"{source}, line {_line(text, key)}: unknown key {key!r}",
                expected=f"one of {', '.join(known)}",
                received=key,
                mend=nearest(key, known) or "remove it",
            )


def _line(text: str, key: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip("[ \t\"'").startswith(key):
            return number
    return 1


class _Where:
    """Reads values of one settings file and says where each stands when it cannot be used."""

    def __init__(self, source: Path, environ: Mapping[str, str]) -> None:
        self._source = source
        self._environ = environ

    def text(self, key: str, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise self._error(key, "a text", type(value).__name__)
        return value

    def database(self, value: Any) -> Secret:
        text = self.text("database", value)
        if text.startswith(("env:", "file:")):
            return self._secret(text)
        parts = urlsplit(text)
        if parts.password is not None:
            raise self._error(
                "database",
                "a URL without a password, env:NAME or file:PATH",
                "a URL with a password (not shown)",
                'put the URL into an environment variable and write database = "env:REGROVE_DATABASE_URL"',
            )
        if not parts.scheme:
            raise self._error("database", "a URL such as sqlite:////path/file.db or postgresql://host/name", text)
        return Secret.hidden(text)

    def clock(self, value: Any) -> str:
        kinds = get_args(ClockKind)
        if value not in kinds:
            raise self._error("clock", f"one of {', '.join(kinds)}", repr(value), nearest(str(value), kinds))
        return str(value)

    def workers(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._error("workers", _WORKERS, repr(value), "leave it out to use what the processors carry")
        return value

    def egress(self, value: Any) -> EgressPolicy:
        try:
            return msgspec.convert(value, EgressPolicy)
        except msgspec.ValidationError as error:
            expected = 'a table such as allow = ["hooks.example.com"], loopback = false'
            raise self._error("egress", expected, str(error)) from None
        except InvalidDeclaration as error:
            raise self._error("egress.allow", error.expected, error.received, error.mend) from None

    def options(self, value: Any) -> dict[str, Secret]:
        if not isinstance(value, dict):
            raise self._error("object_options", "a table", type(value).__name__)
        return {key: self._option(key, each) for key, each in value.items()}

    def _option(self, key: str, value: Any) -> Secret:
        name = f"object_options.{key}"
        text = str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else value
        text = self.text(name, text)
        if text.startswith(("env:", "file:")):
            return self._secret(text)
        if any(word in key.lower() for word in _SECRET_WORDS) and not key.lower().endswith("_id"):
            raise self._error(
                name, "env:NAME or file:PATH", "a secret in the open (not shown)", "name a variable that holds it"
            )
        return Secret.hidden(text)

    def _secret(self, reference: str) -> Secret:
        return Secret(reference, folder=self._source.parent.parent, environ=self._environ)

    def _error(self, key: str, expected: str, received: str, mend: str = "") -> RegroveError:
        return InvalidDeclaration(
            f"{self._source}: {key} cannot be used", expected=expected, received=received, mend=mend
        )
