"""Connections that are kept for the next call. May be used by many threads at once."""

from __future__ import annotations

import http.client
import selectors
import socket
import ssl
import threading
import time
from typing import List, Optional, Tuple, cast

from ._address import Base
from ._deadline import Deadline, LimitedSocket, dial

__all__ = ["Connections"]

# Servers end connections on which nothing was asked for long; Node does so after five seconds.
_LONGEST_IDLE = 4.0


class Connection(http.client.HTTPConnection):
    """A connection whose every step keeps to the limit of the call that uses it."""

    def __init__(self, base: Base, ssl_context: Optional[ssl.SSLContext]) -> None:
        super().__init__(base.host, base.port)
        self.default_port = 443 if base.secure else 80
        self._ssl_context = ssl_context

    def open(self, deadline: Deadline) -> None:
        sock = dial(self.host, self.port, deadline)
        try:
            if self._ssl_context is not None:
                sock.settimeout(deadline.left())
                sock = self._ssl_context.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise
        self.sock = cast(socket.socket, LimitedSocket(sock))
        self.limit(deadline)

    def limit(self, deadline: Deadline) -> None:
        cast(LimitedSocket, self.sock).deadline = deadline


class Connections:
    def __init__(self, base: Base, ssl_context: Optional[ssl.SSLContext], most_idle: int = 10) -> None:
        self._base = base
        self._ssl_context = (ssl_context or ssl.create_default_context()) if base.secure else None
        self._most_idle = most_idle
        self._idle: List[Tuple[Connection, float]] = []
        self._lock = threading.Lock()
        self._closed = False

    def take(self, deadline: Deadline) -> Connection:
        """A connection that is open, for one call. Raises OSError where none can be made."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, since = self._idle.pop()
            if time.monotonic() - since < _LONGEST_IDLE and not _has_ended(connection):
                connection.limit(deadline)
                return connection
            connection.close()
        connection = Connection(self._base, self._ssl_context)
        connection.open(deadline)
        return connection

    def keep(self, connection: Connection) -> None:
        with self._lock:
            if not self._closed and connection.sock is not None and len(self._idle) < self._most_idle:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()

    def close(self) -> None:
        """May be called twice; what is under way ends by itself."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()


def _has_ended(connection: Connection) -> bool:
    # Nothing was asked: what can be read on it is its end.
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))
