"""Whether a call that failed is sent again, and after which pause."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Callable, Mapping, Optional

from ._deadline import LONGEST
from ._failure import ClientError, ProblemError, UnreachableError
from ._operation import Operation

__all__ = ["may_repeat", "pause_after", "retry_after"]

_AGAIN = frozenset({408, 425, 429, 502, 503, 504})
# What is under way under the same Idempotency-Key: its reply is there in a moment.
_UNDER_WAY = 409

_FIRST_PAUSE = 0.25
_LONGEST_BACKOFF = 8.0


def may_repeat(operation: Operation, headers: Mapping[str, str], error: ClientError) -> bool:
    if isinstance(error, UnreachableError) and not error.sent:
        return True
    return operation.repeat == "always" or (operation.repeat == "keyed" and "idempotency-key" in headers)


def pause_after(
    error: ClientError, tries: int, max_pause: float, draw: Callable[[], float] = random.random
) -> Optional[float]:
    """Seconds until the next try; None where another would be of no use."""
    if isinstance(error, ProblemError):
        waits = error.status == _UNDER_WAY and error.retry_after is not None
        if error.status not in _AGAIN and not waits:
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= min(max_pause, LONGEST) else None
    return draw() * min(_FIRST_PAUSE * 2.0**tries, _LONGEST_BACKOFF, max_pause)


def retry_after(headers: Mapping[str, str], now: Optional[datetime] = None) -> Optional[float]:
    """``retry-after`` in seconds: a number, or a date."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return max(0.0, (at - (now or datetime.now(timezone.utc))).total_seconds())
