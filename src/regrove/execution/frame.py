"""Frames on a stream socket: eight bytes of length, then that many bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

__all__ = ["BEGUN", "receive", "send"]


BEGUN = b""
"""What a worker sends before it runs a task: one that died without it has not begun, so another may run it."""


def send(stream: socket.socket, frame: bytes) -> None:
    """Send one frame whole."""
    stream.sendall(len(frame).to_bytes(8, "little"))
    stream.sendall(frame)


def receive(stream: socket.socket) -> bytes | None:
    """The next frame, or None when the stream ends before it is whole."""
    head = _exactly(stream, 8)
    return None if head is None else _exactly(stream, int.from_bytes(head, "little"))


def _exactly(stream: socket.socket, count: int) -> bytes | None:
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        more = stream.recv_into(view[got:])
        if not more:
            return None
        got += more
    return bytes(data)
