"""A server on this machine that answers as it is told, well or badly, and remembers what it was sent."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Script = Callable[[socket.socket], None]


class Standing:
    """What a running server knows."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[bytes] = []
        self.names: list[str | None] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"


def answering(answer: bytes) -> Script:
    """Say this and close."""
    return lambda channel: channel.sendall(answer)


def waits(channel: socket.socket) -> None:
    """Say nothing until the other side goes away."""
    with contextlib.suppress(OSError):
        while channel.recv(1 << 16):
            pass


def trickling(start: bytes) -> Script:
    """Say this, and then a byte at a time, without end; a limit on each single read would never be reached."""

    def script(channel: socket.socket) -> None:
        channel.sendall(start)
        channel.settimeout(0.02)
        while True:
            try:
                if not channel.recv(1):
                    return
            except TimeoutError:
                channel.sendall(b"x")
            except OSError:
                return

    return script


def flooding(channel: socket.socket) -> None:
    """Say more and more, as fast as it is taken, until the other side goes away."""
    channel.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            channel.sendall(b"x" * 65_536)


@contextlib.contextmanager
def standing(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[Standing]:
    """A server that reads each request whole and then follows ``script``."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Standing(listener.getsockname()[1])
    if tls is not None:
        tls.sni_callback = lambda _, name, __: server.names.append(name)
    thread = threading.Thread(target=_serve, args=(listener, server, script, tls))
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _serve(listener: socket.socket, server: Standing, script: Script, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), contextlib.closing(plain):
            plain.settimeout(20)
            channel = plain if tls is None else tls.wrap_socket(plain, server_side=True)
            with contextlib.closing(channel):
                server.requests.append(_request(channel))
                script(channel)


def _request(channel: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = channel.recv(1 << 16)
        data += more
        if not more or not data.startswith(b"POST"):
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += channel.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for ``name``, and a client's that trusts its authority alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate: Any = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "certificate.pem"))
