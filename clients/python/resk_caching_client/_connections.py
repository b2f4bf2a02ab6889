"""Connections that are kept for the next call. May be used by many threads at once."""

from __future__ import annotations

import http.client
import selectors
import ssl
import threading
import time
from typing import List, Optional, Tuple

from ._address import Base

__all__ = ["Connections"]

# Servers end connections on which nothing was asked for long; Node does so after five seconds.
_LONGEST_IDLE = 4.0


class Connections:
    def __init__(self, base: Base, ssl_context: Optional[ssl.SSLContext], most_idle: int = 10) -> None:
        self._base = base
        self._ssl_context = (ssl_context or ssl.create_default_context()) if base.secure else None
        self._most_idle = most_idle
        self._idle: List[Tuple[http.client.HTTPConnection, float]] = []
        self._lock = threading.Lock()
        self._closed = False

    def take(self, timeout: Optional[float]) -> http.client.HTTPConnection:
        """A connection that is open. Raises OSError where none can be made."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, since = self._idle.pop()
            if time.monotonic() - since < _LONGEST_IDLE and not _has_ended(connection):
                return connection
            connection.close()
        connection = self._new(timeout)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def keep(self, connection: http.client.HTTPConnection) -> None:
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

    def _new(self, timeout: Optional[float]) -> http.client.HTTPConnection:
        host, port = self._base.host, self._base.port
        if self._ssl_context is None:
            return http.client.HTTPConnection(host, port, timeout=timeout)
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._ssl_context)


def _has_ended(connection: http.client.HTTPConnection) -> bool:
    # Nothing was asked: what can be read on it is its end.
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))
