"""What goes out and what comes back: the body of a request, and the value of a reply."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Callable, Iterable, Iterator, List, Mapping, Optional, Tuple, TypeVar, Union, cast
from urllib.parse import urlencode

from ._address import plain
from ._deadline import Deadline, Overdue
from ._failure import ProblemError, ReplyError
from ._operation import Body, Operation
from ._retry import retry_after

__all__ = ["Lines", "Raw", "Sent", "Watched", "body_of", "is_repeatable", "problem_of", "value_of"]

T = TypeVar("T")

Lines = Union[Iterable[T], Callable[[], Iterable[T]]]
"""
A list, or what gives one value after another. A list, and a function that starts anew each time, may be sent again;
what can be read once is sent once.
"""

Raw = Union[bytes, Iterable[bytes]]
"""A body that goes out as it is."""


# How many bytes are gathered before they go out.
_CHUNK = 64 * 1024
# How long, in seconds, what was gathered waits for more: servers end a body that is silent for long.
_LONGEST_WAIT = 1.0

Sent = Union[bytes, "Watched"]


def is_repeatable(operation: Operation, body: Any) -> bool:
    """Whether a body can be sent a second time."""
    if operation.body is None:
        return True
    if operation.body.sent_as == "lines":
        return isinstance(body, (list, tuple)) or callable(body)
    return operation.body.sent_as != "raw" or isinstance(body, (bytes, bytearray, str))


class Watched:
    """Tells what its source raised: that is the caller's own, and no failure of the connection."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self._source = iter(source)
        self.error: Optional[BaseException] = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._source)
        except (StopIteration, Overdue):
            raise
        except BaseException as error:
            self.error = error
            raise


def body_of(body: Body, value: Any, deadline: Deadline) -> Tuple[Sent, str]:
    """The body as it goes out, and its media type."""
    if body.sent_as == "json":
        return _json(value), body.type
    if body.sent_as == "lines":
        source = cast("Iterable[Any]", value() if callable(value) else value)
        if isinstance(source, (list, tuple)):
            return b"".join(_json(one) + b"\n" for one in cast("List[Any]", source)), body.type
        return Watched(_chunks(source, deadline)), body.type
    if body.sent_as == "form":
        pairs = [(name, plain(one)) for name, one in _fields(cast("Mapping[str, Any]", value))]
        return urlencode(pairs).encode(), body.type
    if body.sent_as == "multipart":
        return _multipart(_fields(cast("Mapping[str, Any]", value)))
    if isinstance(value, str):
        return value.encode(), body.type
    if isinstance(value, (bytes, bytearray)):
        return bytes(value), body.type
    return Watched(cast("Iterable[bytes]", value)), body.type


def value_of(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """JSON as it is, text as a str, anything else as bytes; None where there is nothing. Raises ReplyError."""
    media_type = _media_type(headers)
    read_as = _read_as(operation, media_type, not body)
    if read_as is None:
        what = (media_type or "what has no media type") if body else "nothing"
        raise ReplyError(operation.id, f"{operation.id}: {status} with {what}, which is none of its replies")
    if read_as == "empty":
        return None
    if read_as == "json":
        try:
            return json.loads(body)
        except ValueError as error:
            raise ReplyError(operation.id, f"{operation.id}: the reply is not whole JSON") from error
    return body if read_as == "bytes" else body.decode("utf-8", "replace")


def _read_as(operation: Operation, media_type: str, is_empty: bool) -> Optional[str]:
    """How a body is read; None where the operation has no such reply."""
    if operation.method == "HEAD":
        return "empty"
    good = operation.reply
    kind = _kind_of(media_type)
    if is_empty and (not good or "empty" in good):
        return kind if kind in ("text", "html") and (not good or kind in good) else "empty"
    if is_empty and (kind == "json" or not media_type):
        return None
    if not good or kind in good:
        return kind
    return "bytes" if "bytes" in good and kind != "html" else None


def _kind_of(media_type: str) -> str:
    if _is_json(media_type):
        return "json"
    if media_type == "text/html":
        return "html"
    return "text" if media_type.startswith("text/") else "bytes"


def problem_of(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> ProblemError:
    content: Any = body.decode("utf-8", "replace")
    if _is_json(_media_type(headers)):
        try:
            content = json.loads(body)
        except ValueError:
            pass  # A proxy may call anything JSON; its status still tells.
    return ProblemError(operation, status, headers, content, retry_after(headers))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _chunks(source: Iterable[Any], deadline: Deadline) -> Iterator[bytes]:
    gathered = bytearray()
    sent_at = time.monotonic()
    for value in source:
        deadline.left()
        gathered += _json(value) + b"\n"
        if len(gathered) >= _CHUNK or time.monotonic() - sent_at >= _LONGEST_WAIT:
            yield bytes(gathered)
            gathered.clear()
            sent_at = time.monotonic()
    if gathered:
        yield bytes(gathered)


def _fields(values: Mapping[str, Any]) -> List[Tuple[str, Any]]:
    """Fields with a value; a list is the same field again."""
    fields: List[Tuple[str, Any]] = []
    for name, value in values.items():
        many = cast("List[Any]", value) if isinstance(value, (list, tuple)) else [value]
        fields += [(name, one) for one in many if one is not None]
    return fields


def _multipart(fields: List[Tuple[str, Any]]) -> Tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts: List[bytes] = []
    for name, value in fields:
        # https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{quoted}"'
        if isinstance(value, (bytes, bytearray)):
            parts.append(f'{head}; filename="blob"\r\ncontent-type: application/octet-stream\r\n\r\n'.encode() + value)
        else:
            parts.append(f"{head}\r\n\r\n{plain(value)}".encode())
    return b"\r\n".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").split(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")
