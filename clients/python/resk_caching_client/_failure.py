"""How a call fails: the service refuses it, cannot be reached, takes too long, or answers what cannot be read."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, cast

__all__ = ["ClientError", "LateError", "ProblemError", "ReplyError", "UnreachableError"]


class ClientError(Exception):
    """What every failure of a client is."""

    def __init__(self, operation: str, message: str) -> None:
        super().__init__(message)
        self.operation = operation
        """The operationId of the call."""


class ProblemError(ClientError):
    """The service answered, and refused: a problem by RFC 9457, as far as the reply holds one."""

    def __init__(
        self, operation: str, status: int, headers: Mapping[str, str], body: Any, retry_after: Optional[float]
    ) -> None:
        problem: Dict[str, Any] = cast(Dict[str, Any], body) if isinstance(body, dict) else {}
        self.status = status
        self.headers = headers
        """Their names in small letters."""
        self.body: Any = body
        """The body of the reply: parsed where it is JSON, else text."""
        self.retry_after = retry_after
        """What ``retry-after`` asks for, seconds."""
        self.code = _text(problem, "code")
        """Stable: what a program may decide by."""
        self.detail = _text(problem, "detail")
        self.errors: List[Dict[str, str]] = _list(problem, "errors")
        """Problems field by field: path, code, message."""
        self.correlation_id = _text(problem, "correlationId") or headers.get("x-correlation-id")
        words = [str(status), self.code, self.detail or _text(problem, "title")]
        super().__init__(operation, f"{operation}: {' '.join(word for word in words if word)}")


class UnreachableError(ClientError):
    """No whole reply came: no connection, or one that broke. Whether the service did what was asked is not known."""

    def __init__(self, operation: str, message: str, sent: bool = True) -> None:
        super().__init__(operation, message)
        self.sent = sent
        """False where nothing was sent: then the service did nothing."""


class LateError(ClientError):
    """No whole reply came in time. Whether the service did what was asked is not known."""


class ReplyError(ClientError):
    """The reply cannot be read, e.g. because it ends in the middle."""


def _text(problem: Mapping[str, Any], name: str) -> Optional[str]:
    value = problem.get(name)
    return value if isinstance(value, str) else None


def _list(problem: Mapping[str, Any], name: str) -> List[Dict[str, str]]:
    value = problem.get(name)
    return cast(List[Dict[str, str]], value) if isinstance(value, list) else []
