"""Where a call goes: the path with its values, and the query."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Callable, Iterator, List, Mapping, Tuple, cast
from urllib.parse import quote, urlencode, urlsplit

from ._operation import Input, Operation

__all__ = ["Base", "base_of", "plain", "simple", "target_of"]


@dataclass(frozen=True)
class Base:
    secure: bool
    host: str
    port: int
    path: str
    """Without a slash at its end."""

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}{self.path}"


def base_of(url: str) -> Base:
    """Raises ValueError where it is no address of HTTP."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must begin with http:// or https:// and name a host")
    if parts.username or parts.password:
        raise ValueError("base_url must not hold a password; give a token")
    if parts.query or parts.fragment:
        raise ValueError("base_url must end with its path: no query, and no part of a page")
    secure = parts.scheme == "https"
    return Base(secure, parts.hostname, parts.port or (443 if secure else 80), parts.path.rstrip("/"))


def target_of(base: Base, operation: Operation, given: Input) -> str:
    def filled(match: "re.Match[str]") -> str:
        return _segment(operation.id, match.group(1), given.path.get(match.group(1)))

    path = base.path + re.sub(r"\{([^}]+)\}", filled, operation.path)
    pairs = [
        pair for name, style in operation.query.items() for pair in _pairs(name, given.query.get(name), style)
    ]
    return f"{path}?{urlencode(pairs, quote_via=quote)}" if pairs else path


def plain(value: Any) -> str:
    """A value as a parameter is written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return _json(value) if value is None or isinstance(value, (dict, list, tuple)) else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def simple(value: Any, encoded: Callable[[str], str] = str) -> str:
    """A value of the path or of a header: a list is joined with commas."""
    if isinstance(value, (list, tuple)):
        return ",".join(encoded(plain(one)) for one in cast(List[Any], value))
    return encoded(plain(value))


def _segment(operation: str, name: str, value: Any) -> str:
    # An empty value, `.` and `..` would name another path: an entry would become all entries.
    text = "" if value is None else simple(value, lambda one: quote(one, safe=""))
    if text in ("", ".", ".."):
        raise ValueError(f"{operation}: {name} must not be " + (f'"{text}"' if text else "empty"))
    return text


def _pairs(name: str, value: Any, style: str) -> Iterator[Tuple[str, str]]:
    if value is None:
        return
    if style == "json":
        yield name, _json(value)
    elif isinstance(value, (list, tuple)):
        texts = [plain(one) for one in cast(List[Any], value)]
        if style == "comma":
            yield name, ",".join(texts)
        else:
            yield from ((name, text) for text in texts)
    elif isinstance(value, Mapping):
        members = [(inner, one) for inner, one in cast(Mapping[str, Any], value).items() if one is not None]
        if style == "comma":
            yield name, ",".join(plain(part) for member in members for part in member)
        for inner, one in members if style == "deep" else []:
            yield from _pairs(f"{name}[{inner}]", one, style)
        for inner, one in members if style == "repeat" else []:
            yield from _pairs(inner, one, style) if isinstance(one, (list, tuple)) else [(inner, plain(one))]
    else:
        yield name, plain(value)
