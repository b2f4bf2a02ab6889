"""Shows who calls: the token, where the operation asks for it."""

from __future__ import annotations

import base64
import re
from typing import Dict
from urllib.parse import quote

from ._operation import Auth

__all__ = ["with_token"]


def with_token(operation: str, auth: Auth, given: str, target: str, headers: Dict[str, str]) -> str:
    """Sets a header, or gives another target. Raises ValueError, without the token, where it cannot be sent as it is."""
    # A file that holds a token ends with a line break.
    token = given.strip()
    if auth.scheme == "query":
        return f"{target}{'&' if '?' in target else '?'}{quote(auth.name, safe='')}={quote(_one_line(operation, token), safe='')}"
    if auth.scheme == "header":
        headers[auth.name.lower()] = _visible(operation, token)
    elif auth.scheme == "basic":
        headers["authorization"] = f"Basic {base64.b64encode(_one_line(operation, token).encode()).decode()}"
    else:
        headers["authorization"] = f"Bearer {_visible(operation, token)}"
    return target


def _visible(operation: str, token: str) -> str:
    if re.fullmatch(r"[ -~]+", token):
        return token
    raise ValueError(f"{operation}: the token must be one line of visible characters of ASCII")


def _one_line(operation: str, token: str) -> str:
    if re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]+", token):
        return token
    raise ValueError(f"{operation}: the token must be one line of visible characters")
