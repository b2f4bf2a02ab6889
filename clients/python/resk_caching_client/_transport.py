"""Sends a call, again where that is safe and of use, and gives its value or a failure."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import uuid
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

from ._address import base_of, simple, target_of
from ._connections import Connection, Connections
from ._deadline import Deadline
from ._failure import ClientError, LateError, ProblemError, UnreachableError
from ._message import Sent, Watched, body_of, is_repeatable, problem_of, value_of
from ._operation import CallOptions, Input, Operation, ReplyHead
from ._retry import may_repeat, pause_after
from ._token import with_token

__all__ = ["Token", "Transport"]

Token = Union[str, Callable[[bool], str]]
"""The token, or what gives it; it is told whether the one before was answered with 401."""

_Reply = Tuple[int, Dict[str, str], bytes]


class Transport:
    def __init__(
        self,
        base_url: str,
        token: Optional[Token],
        *,
        retries: int,
        timeout: Optional[float],
        max_pause: float,
        idempotency_keys: bool,
        headers: Optional[Mapping[str, str]],
        on_reply: Optional[Callable[[ReplyHead], None]],
        ssl_context: Optional[ssl.SSLContext],
    ) -> None:
        self._base = base_of(base_url)
        self._connections = Connections(self._base, ssl_context)
        self._token = token
        self._retries = retries
        self._timeout = timeout
        self._max_pause = max_pause
        self._idempotency_keys = idempotency_keys
        self._headers = dict(headers or {})
        self._on_reply = on_reply

    def close(self) -> None:
        self._connections.close()

    def send(self, operation: Operation, given: Input, options: CallOptions) -> Any:
        """Raises ClientError, and ValueError where the call cannot be put into words, e.g. with an empty path parameter."""
        target = target_of(self._base, operation, given)
        headers = self._headers_of(operation, given, options)
        again = is_repeatable(operation, given.body)
        retries = (self._retries if options.retries is None else options.retries) if again else 0
        refused = False
        tries = 0
        while True:
            try:
                return self._once(operation, target, headers, given.body, options, refused)
            except ClientError as error:
                if not refused and again and self._may_ask_for_token(operation, error):
                    refused = True
                    continue
                pause = pause_after(error, tries, self._max_pause)
                if tries >= retries or pause is None or not may_repeat(operation, headers, error):
                    raise
                tries += 1
                time.sleep(pause)

    def _may_ask_for_token(self, operation: Operation, error: ClientError) -> bool:
        # A function may give a fresher token than the one that was refused; a refused call was not done.
        asked = isinstance(error, ProblemError) and error.status == 401 and operation.auth is not None
        return asked and callable(self._token)

    def _once(
        self,
        operation: Operation,
        target: str,
        headers: Mapping[str, str],
        body: Any,
        options: CallOptions,
        refused: bool,
    ) -> Any:
        sent = dict(headers)
        if operation.proof:
            # What no other request carries, so that a copy of this one is refused.
            sent["x-request-timestamp"] = str(int(time.time()))
            sent["x-request-nonce"] = str(uuid.uuid4())
        target = self._with_token(operation, target, sent, refused)
        deadline = Deadline(self._limit(operation, options))
        payload: Optional[Sent] = None
        if operation.body is not None and body is not None:
            payload, sent["content-type"] = body_of(operation.body, body, deadline)
        status, reply_headers, content = self._exchange(operation, target, sent, payload, deadline)
        head = ReplyHead(operation.id, status, reply_headers)
        for told in (self._on_reply, options.on_reply):
            if told:
                told(head)
        if 200 <= status < 300:
            return value_of(operation, status, reply_headers, content)
        raise problem_of(operation.id, status, reply_headers, content)

    def _exchange(
        self, operation: Operation, target: str, headers: Dict[str, str], payload: Optional[Sent], deadline: Deadline
    ) -> _Reply:
        try:
            connection = self._connections.take(deadline)
        except (TimeoutError, socket.timeout) as error:
            raise LateError(operation.id, f"{operation.id}: no connection in time") from error
        except OSError as error:
            raise UnreachableError(operation.id, f"{operation.id}: no connection to {self._base} ({error})", sent=False) from error
        try:
            reply = _ask(connection, operation, target, headers, payload)
        except BaseException as error:
            connection.close()
            if isinstance(payload, Watched) and payload.error is error:
                raise
            if isinstance(error, (TimeoutError, socket.timeout)):
                raise LateError(operation.id, f"{operation.id}: no reply in time") from error
            if isinstance(error, (OSError, http.client.HTTPException)):
                why = f"{type(error).__name__}: {error}"
                raise UnreachableError(
                    operation.id, f"{operation.id}: no whole reply from {self._base} ({why})"
                ) from error
            raise
        self._connections.keep(connection)
        return reply

    def _limit(self, operation: Operation, options: CallOptions) -> Optional[float]:
        if options.timeout is not None:
            return options.timeout
        lines = operation.body is not None and operation.body.sent_as == "lines"
        return None if lines else self._timeout

    def _headers_of(self, operation: Operation, given: Input, options: CallOptions) -> Dict[str, str]:
        headers = {"accept": "*/*"}
        for several in (self._headers, options.extra_headers or {}):
            headers.update({name.lower(): value for name, value in several.items()})
        headers.update({name.lower(): simple(value) for name, value in given.headers.items() if value is not None})
        if options.correlation_id is not None:
            headers["x-correlation-id"] = options.correlation_id
        if options.idempotency_key is not None:
            headers["idempotency-key"] = options.idempotency_key
        elif self._idempotency_keys and operation.repeat == "keyed":
            headers.setdefault("idempotency-key", str(uuid.uuid4()))
        return headers

    def _with_token(self, operation: Operation, target: str, headers: Dict[str, str], refused: bool) -> str:
        if operation.auth is None or self._token is None:
            return target
        token = self._token(refused) if callable(self._token) else self._token
        return with_token(operation.id, operation.auth, token, target, headers)


def _ask(
    connection: Connection, operation: Operation, target: str, headers: Dict[str, str], payload: Optional[Sent]
) -> _Reply:
    try:
        connection.request(operation.method, target, body=payload, headers=headers)
    except (BrokenPipeError, ConnectionResetError):
        # Who refuses a long body may answer before its end: the refusal is worth more than the broken pipe. What the
        # source of the body raised is something else.
        if isinstance(payload, Watched) and payload.error is not None:
            raise
    response = connection.getresponse()
    content = response.read()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content
