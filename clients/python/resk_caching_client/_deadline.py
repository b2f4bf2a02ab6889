"""The limit of a call as a whole: the time-out of a socket begins anew with every piece that is sent or read."""

from __future__ import annotations

import io
import socket
import time
from typing import Any, Optional, Union

__all__ = ["LONGEST", "Deadline", "LimitedSocket", "Overdue", "dial"]

LONGEST = (2**31 - 1) / 1000
"""Seconds, some 24 days: sockets count no further."""


class Overdue(TimeoutError):
    """The limit of the call has passed."""


class Deadline:
    def __init__(self, seconds: Optional[float]) -> None:
        """None, 0, and what is longer than can be counted are no limit."""
        self._at = time.monotonic() + seconds if seconds and seconds <= LONGEST else None

    def left(self) -> Optional[float]:
        """Raises Overdue once it has passed."""
        if self._at is None:
            return None
        left = self._at - time.monotonic()
        if left <= 0:
            raise Overdue("the limit of the call has passed")
        return left


def dial(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one. Raises OSError where none does."""
    failure: OSError = OSError("the host has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        left = deadline.left()
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure


class LimitedSocket:
    """What ``http.client`` asks of a socket, within the limit of the call that uses it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.deadline = Deadline(None)

    def begin(self) -> socket.socket:
        """The socket, for one step. Raises Overdue once the limit has passed."""
        self.sock.settimeout(self.deadline.left())
        return self.sock

    def sendall(self, data: Union[bytes, bytearray]) -> None:
        left = memoryview(data)
        while left:
            left = left[self.begin().send(left) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def fileno(self) -> int:
        return self.sock.fileno()

    def close(self) -> None:
        self.sock.close()


class _Incoming(io.RawIOBase):
    def __init__(self, limited: LimitedSocket) -> None:
        self._limited = limited
        # It keeps the socket open until it is closed itself, also where the connection is closed before.
        self._raw = limited.sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        self._limited.begin()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
