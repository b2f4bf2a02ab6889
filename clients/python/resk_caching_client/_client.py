# The client: a method for each operation. Written by generate:clients; a change by hand is lost.
"""Resk-Caching 0.1.0: a method for each operation."""

from __future__ import annotations

import ssl
from typing import Any, Callable, Dict, Literal, Mapping, Optional, Union, cast

from ._message import Lines
from ._operation import CallOptions, Input, ReplyHead
from ._operations import OPERATIONS
from ._transport import Token, Transport
from . import types

__all__ = ["ReskClient"]


class ReskClient:
    """Resk-Caching 0.1.0. May be used by many threads at once."""

    def __init__(
        self,
        base_url: str,
        token: Optional[Token] = None,
        *,
        retries: int = 2,
        timeout: Optional[float] = 30.0,
        max_pause: float = 30.0,
        idempotency_keys: bool = False,
        headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        """
        ``retries``: how often a call is sent again at most. ``timeout``: seconds for each time that it is sent, its reply
        included; None, 0 and infinity are no limit. Not for lines: they have none unless the call gives it. ``max_pause``:
        longest pause between two tries, seconds; a ``retry-after`` that is longer fails at once. ``idempotency_keys``:
        makes an Idempotency-Key for each call that takes one and has none, so that it may be sent again.
        """
        self._transport = Transport(
            base_url,
            token,
            retries=retries,
            timeout=timeout,
            max_pause=max_pause,
            idempotency_keys=idempotency_keys,
            headers=headers,
            on_reply=on_reply,
            ssl_context=ssl_context,
        )

    def close(self) -> None:
        """Ends the connections that are kept. May be called twice."""
        self._transport.close()

    def __enter__(self) -> ReskClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def query_ask(
        self,
        body: types.QuestionDto,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.AnswerDto:
        """Ask a question

                Answers from the cache, else from the vector store, and says where the answer came from."""
        return cast("types.AnswerDto", self._transport.send(
            OPERATIONS["query_ask"],
            Input(body=body),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def cache_write(
        self,
        body: types.WriteDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.WrittenDto:
        """Write an answer"""
        return cast("types.WrittenDto", self._transport.send(
            OPERATIONS["cache_write"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def cache_purge(
        self,
        *,
        tag: Optional[str] = None,
        query: Optional[str] = None,
        subject: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.PurgedDto:
        """Purge the cache

                Purges all entries of the caller’s tenant, or those of one tag, question or subject."""
        return cast("types.PurgedDto", self._transport.send(
            OPERATIONS["cache_purge"],
            Input(query={"tag": tag, "query": query, "subject": subject}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def cache_warm_up(
        self,
        body: types.WarmUpDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.WarmedUpDto:
        """Write many answers"""
        return cast("types.WarmedUpDto", self._transport.send(
            OPERATIONS["cache_warm_up"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def cache_entries(
        self,
        *,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.EntriesDto:
        """List entries

                Metadata only, page by page: no question and no answer."""
        return cast("types.EntriesDto", self._transport.send(
            OPERATIONS["cache_entries"],
            Input(query={"cursor": cursor, "limit": limit}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def cache_entry(
        self,
        key: str,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.EntryDto:
        """Describe an entry"""
        return cast("types.EntryDto", self._transport.send(
            OPERATIONS["cache_entry"],
            Input(path={"key": key}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def cache_forget(
        self,
        key: str,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.PurgedDto:
        """Forget an entry"""
        return cast("types.PurgedDto", self._transport.send(
            OPERATIONS["cache_forget"],
            Input(path={"key": key}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_collections(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.CollectionsDto:
        """List collections"""
        return cast("types.CollectionsDto", self._transport.send(
            OPERATIONS["vectors_collections"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_open(
        self,
        body: types.CollectionDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.CollectionInfoDto:
        """Make a collection

                An existing collection of the same form is left as it is."""
        return cast("types.CollectionInfoDto", self._transport.send(
            OPERATIONS["vectors_open"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_drop(
        self,
        name: str,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.DroppedDto:
        """Drop a collection"""
        return cast("types.DroppedDto", self._transport.send(
            OPERATIONS["vectors_drop"],
            Input(path={"name": name}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_upsert(
        self,
        body: types.UpsertDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.UpsertedDto:
        """Write documents

                Embeds what has no vector, and writes. The collection is made when it is absent."""
        return cast("types.UpsertedDto", self._transport.send(
            OPERATIONS["vectors_upsert"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_ingest(
        self,
        body: Lines[types.DocumentDto],
        *,
        collection: Optional[str] = None,
        run: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.IngestedDto:
        """Write documents, line by line

                Reads documents as NDJSON, one a line, and writes them in batches as they come; no more is read than can be written. A line that is no document is reported, and the others are taken in. Where the store or the embedder fails, the problem says with which line to go on."""
        return cast("types.IngestedDto", self._transport.send(
            OPERATIONS["vectors_ingest"],
            Input(query={"collection": collection, "run": run}, body=body),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_search(
        self,
        body: types.SearchDto,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.MatchesDto:
        """Search documents"""
        return cast("types.MatchesDto", self._transport.send(
            OPERATIONS["vectors_search"],
            Input(body=body),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_delete(
        self,
        body: types.DeleteDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.DeletedDto:
        """Delete documents"""
        return cast("types.DeletedDto", self._transport.send(
            OPERATIONS["vectors_delete"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def vectors_embed(
        self,
        body: types.EmbedDto,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.EmbeddedDto:
        """Embed texts"""
        return cast("types.EmbeddedDto", self._transport.send(
            OPERATIONS["vectors_embed"],
            Input(body=body),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def usage_usage(
        self,
        *,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        by: Optional[Literal["hour", "day"]] = None,
        tenant: Optional[str] = None,
        format: Optional[Literal["json", "csv"]] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> Union[types.UsageDto, str]:
        """What was spent and what was avoided

                Tokens and money of the caller’s tenant, for each model and each hour or day (UTC). A hit never counts as spending. Operators may name another tenant."""
        return cast("Union[types.UsageDto, str]", self._transport.send(
            OPERATIONS["usage_usage"],
            Input(query={"from": from_, "to": to, "by": by, "tenant": tenant, "format": format}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def usage_describe(
        self,
        *,
        tenant: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.QuotasDto:
        """The quotas of the tenant

                Each limit, how much of it is used, and when that begins again. Operators may name another tenant."""
        return cast("types.QuotasDto", self._transport.send(
            OPERATIONS["usage_describe"],
            Input(query={"tenant": tenant}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def usage_set(
        self,
        tenant: str,
        body: types.QuotaLimitsDto,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.QuotasDto:
        """Set the quotas of a tenant

                In place of what was set before: a quota that is left out stands at the default of the server (QUOTA_…), null is no limit. Holds on every instance within a second."""
        return cast("types.QuotasDto", self._transport.send(
            OPERATIONS["usage_set"],
            Input(path={"tenant": tenant}, body=body),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def privacy_export(
        self,
        subject: str,
        *,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.ExportDto:
        """Export what is kept about a person

                Page by page: cached answers, documents with their vectors, replies kept for repetition."""
        return cast("types.ExportDto", self._transport.send(
            OPERATIONS["privacy_export"],
            Input(path={"subject": subject}, query={"cursor": cursor, "limit": limit}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def privacy_erase(
        self,
        subject: str,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.ReceiptDto:
        """Erase a person

                Erases what the tenant keeps about a person from every store and the memory of every instance. The reply is a signed receipt."""
        return cast("types.ReceiptDto", self._transport.send(
            OPERATIONS["privacy_erase"],
            Input(path={"subject": subject}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def privacy_policy(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.PolicyReplyDto:
        """Read the privacy policy

                What the tenant has set, and what holds."""
        return cast("types.PolicyReplyDto", self._transport.send(
            OPERATIONS["privacy_policy"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def privacy_set_policy(
        self,
        body: types.PolicyDto,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.PolicyReplyDto:
        """Replace the privacy policy

                Sets how old data may grow and what becomes of what detectors find, in place of what the tenant has set before, and purges the tenant’s cache."""
        return cast("types.PolicyReplyDto", self._transport.send(
            OPERATIONS["privacy_set_policy"],
            Input(body=body),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def privacy_receipt_keys(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.JwksDto:
        """Public keys of receipts and of the audit log

                A JSON Web Key Set. Keep a copy elsewhere: with it, receipts are checked without the server."""
        return cast("types.JwksDto", self._transport.send(
            OPERATIONS["privacy_receipt_keys"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def operations_health(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.LiveDto:
        """Is the process alive?"""
        return cast("types.LiveDto", self._transport.send(
            OPERATIONS["operations_health"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def operations_live(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.LiveDto:
        """Is the process alive?"""
        return cast("types.LiveDto", self._transport.send(
            OPERATIONS["operations_live"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def operations_ready(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.ReadyDto:
        """Is the instance ready for requests?"""
        return cast("types.ReadyDto", self._transport.send(
            OPERATIONS["operations_ready"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def operations_metrics(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> str:
        """Metrics in the Prometheus text format

                Open, behind METRICS_TOKEN, or off: METRICS_ACCESS. As OpenMetrics, with exemplars, for who asks for it."""
        return cast("str", self._transport.send(
            OPERATIONS["operations_metrics"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def operations_document(
        self,
        *,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> Dict[str, Any]:
        """The OpenAPI 3.1 document of this API"""
        return cast("Dict[str, Any]", self._transport.send(
            OPERATIONS["operations_document"],
            Input(),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def audit_page(
        self,
        *,
        from_: Optional[int] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.AuditPageDto:
        """Read the audit log

                Page by page, in order, for `resk audit verify` and for keeping it elsewhere."""
        return cast("types.AuditPageDto", self._transport.send(
            OPERATIONS["audit_page"],
            Input(query={"from": from_, "limit": limit}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def auth_list(
        self,
        *,
        tenant: Optional[str] = None,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.RevocationsDto:
        """List revocations

                Page by page. What was revoked is told by its id alone."""
        return cast("types.RevocationsDto", self._transport.send(
            OPERATIONS["auth_list"],
            Input(query={"tenant": tenant, "cursor": cursor, "limit": limit}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def auth_revoke(
        self,
        body: types.RevokeDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.RevocationDto:
        """Revoke a token, or what a subject holds

                Every instance refuses it within a second, and closes event connections opened with it."""
        return cast("types.RevocationDto", self._transport.send(
            OPERATIONS["auth_revoke"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def auth_lift(
        self,
        id: str,
        *,
        tenant: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.LiftedDto:
        """Lift a revocation

                Tokens that it hit, and that have not ended, are believed again."""
        return cast("types.LiftedDto", self._transport.send(
            OPERATIONS["auth_lift"],
            Input(path={"id": id}, query={"tenant": tenant}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def keys_list(
        self,
        *,
        tenant: Optional[str] = None,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.Keys:
        """List keys

                Master keys, and data keys tenant by tenant; who is no operator sees its own tenant’s data keys."""
        return cast("types.Keys", self._transport.send(
            OPERATIONS["keys_list"],
            Input(query={"tenant": tenant, "cursor": cursor, "limit": limit}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def keys_rotate(
        self,
        body: types.RotateDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.Rotated:
        """Rotate a key

                Begins a new data key of a tenant, or promotes a master key. Nothing stops opening: see docs/KEYS_ROTATION.md."""
        return cast("types.Rotated", self._transport.send(
            OPERATIONS["keys_rotate"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def keys_retire(
        self,
        body: types.RetireDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.Retired:
        """Retire a key

                Destroys a former data key, or takes a former master key out of use. What a destroyed key sealed is lost."""
        return cast("types.Retired", self._transport.send(
            OPERATIONS["keys_retire"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def keys_reseal(
        self,
        body: types.ResealDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.Resealed:
        """Seal data anew

                One step of sealing, under current data keys, what former ones sealed. Ask again until it is done."""
        return cast("types.Resealed", self._transport.send(
            OPERATIONS["keys_reseal"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def keys_shred(
        self,
        tenant: str,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.Shredded:
        """Shred a tenant

                Destroys its data keys, so that nothing sealed under them opens ever again, proves it, deletes what is stored, and gives a signed receipt."""
        return cast("types.Shredded", self._transport.send(
            OPERATIONS["keys_shred"],
            Input(path={"tenant": tenant}),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def reindex_estimate(
        self,
        *,
        tenant: Optional[str] = None,
        collection: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.ReindexEstimate:
        """Estimate a reindex

                What moving documents of other embedding models to the one of now would take. Changes nothing."""
        return cast("types.ReindexEstimate", self._transport.send(
            OPERATIONS["reindex_estimate"],
            Input(query={"tenant": tenant, "collection": collection}),
            CallOptions(timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def reindex_step(
        self,
        body: types.ReindexDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.Reindexed:
        """Move documents to the model of now

                One step of embedding documents of other models again. Built beside what is there, and switched when all is done. Ask again until it is done."""
        return cast("types.Reindexed", self._transport.send(
            OPERATIONS["reindex_step"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))

    def reindex_check(
        self,
        body: types.DriftDto,
        *,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
        correlation_id: Optional[str] = None,
        extra_headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
    ) -> types.DriftChecked:
        """Check the drift of the embedding model

                Embeds a sample of each collection again, and compares with what is stored. The tokens are on the account of the service."""
        return cast("types.DriftChecked", self._transport.send(
            OPERATIONS["reindex_check"],
            Input(body=body),
            CallOptions(idempotency_key=idempotency_key, timeout=timeout, retries=retries, correlation_id=correlation_id, extra_headers=extra_headers, on_reply=on_reply),
        ))
