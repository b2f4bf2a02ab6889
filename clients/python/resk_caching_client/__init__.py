"""The face of the client: the class with a method for each operation, its types, and how a call fails."""

from . import _client, types
from ._client import *  # noqa: F403
from ._failure import ClientError, LateError, ProblemError, ReplyError, UnreachableError
from ._message import Lines
from ._operation import ReplyHead
from ._transport import Token

__all__ = [
    "ClientError",
    "LateError",
    "Lines",
    "ProblemError",
    "ReplyError",
    "ReplyHead",
    "Token",
    "UnreachableError",
    "types",
]
__all__ += _client.__all__
