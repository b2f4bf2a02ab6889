"""What the client knows of an operation: a row of the OpenAPI document, as the generator writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Tuple

__all__ = ["Auth", "Body", "CallOptions", "Input", "Operation", "ReplyHead"]


@dataclass(frozen=True)
class Auth:
    """How a caller shows who they are: ``bearer``, ``basic``, or by the name of a ``header`` or ``query`` parameter."""

    scheme: str
    name: str = ""


@dataclass(frozen=True)
class Body:
    type: str
    sent_as: str
    """``json``, ``lines``, ``form`` or ``raw``."""


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    """With ``{names}`` where values go."""
    repeat: str
    """Whether it may be sent again: ``always``, ``keyed`` (only under an Idempotency-Key) or ``never``."""
    auth: Optional[Auth] = None
    """Nothing where the operation is open."""
    query: Mapping[str, str] = field(default_factory=lambda: {})
    """
    How a list or an object is written: ``repeat`` (a=1&a=2, an object b=1&c=2), ``comma`` (a=1,2, an object a=b,1,c,2),
    ``deep`` (a[b]=1) or ``json``.
    """
    body: Optional[Body] = None
    reply: Tuple[str, ...] = ()
    """
    What a good reply may be: ``json``, ``html``, ``text``, ``bytes`` or ``empty``; nothing where the document does not say.
    Pages are a kind of their own: proxies answer with one, whatever was asked for.
    """
    proof: bool = False
    """Carries x-request-timestamp and x-request-nonce, fresh each time it is sent."""


@dataclass(frozen=True)
class Input:
    """What a call gives, beside its options."""

    path: Mapping[str, Any] = field(default_factory=lambda: {})
    query: Mapping[str, Any] = field(default_factory=lambda: {})
    headers: Mapping[str, Any] = field(default_factory=lambda: {})
    body: Any = None


@dataclass(frozen=True)
class ReplyHead:
    """A reply without its body."""

    operation: str
    status: int
    headers: Mapping[str, str]
    """Their names in small letters."""


@dataclass(frozen=True)
class CallOptions:
    """What may be said of one call."""

    timeout: Optional[float] = None
    retries: Optional[int] = None
    idempotency_key: Optional[str] = None
    correlation_id: Optional[str] = None
    extra_headers: Optional[Mapping[str, str]] = None
    on_reply: Optional[Callable[[ReplyHead], None]] = None
