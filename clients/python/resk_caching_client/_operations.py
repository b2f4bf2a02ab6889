# What the client knows of each operation. Written by generate:clients; a change by hand is lost.
"""What the client knows of each operation."""

from __future__ import annotations

from typing import Dict

from ._operation import Auth, Body, Operation

__all__ = ["OPERATIONS"]

_AUTH = Auth  # Not every document asks for a token, or has bodies.
_BODY = Body

OPERATIONS: Dict[str, Operation] = {
    "query_ask": Operation("query_ask", "POST", "/api/cache/query", "always", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",)),
    "cache_write": Operation("cache_write", "POST", "/api/cache", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "cache_purge": Operation("cache_purge", "DELETE", "/api/cache", "always", auth=Auth("bearer"), query={"tag": "repeat", "query": "repeat", "subject": "repeat"}, reply=("json",), proof=True),
    "cache_warm_up": Operation("cache_warmUp", "POST", "/api/cache/warmup", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "cache_entries": Operation("cache_entries", "GET", "/api/cache/entries", "always", auth=Auth("bearer"), query={"cursor": "repeat", "limit": "repeat"}, reply=("json",)),
    "cache_entry": Operation("cache_entry", "GET", "/api/cache/entries/{key}", "always", auth=Auth("bearer"), reply=("json",)),
    "cache_forget": Operation("cache_forget", "DELETE", "/api/cache/entries/{key}", "always", auth=Auth("bearer"), reply=("json",), proof=True),
    "vectors_collections": Operation("vectors_collections", "GET", "/api/vectors/collections", "always", auth=Auth("bearer"), reply=("json",)),
    "vectors_open": Operation("vectors_open", "POST", "/api/vectors/collections", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "vectors_drop": Operation("vectors_drop", "DELETE", "/api/vectors/collections/{name}", "always", auth=Auth("bearer"), reply=("json",), proof=True),
    "vectors_upsert": Operation("vectors_upsert", "POST", "/api/vectors/upsert", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "vectors_ingest": Operation("vectors_ingest", "POST", "/api/vectors/ingest", "never", auth=Auth("bearer"), query={"collection": "repeat", "run": "repeat"}, body=Body("application/x-ndjson", "lines"), reply=("json",), proof=True),
    "vectors_search": Operation("vectors_search", "POST", "/api/vectors/query", "always", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",)),
    "vectors_delete": Operation("vectors_delete", "POST", "/api/vectors/delete", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "vectors_embed": Operation("vectors_embed", "POST", "/api/embeddings", "always", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",)),
    "usage_usage": Operation("usage_usage", "GET", "/api/usage", "always", auth=Auth("bearer"), query={"from": "repeat", "to": "repeat", "by": "repeat", "tenant": "repeat", "format": "repeat"}, reply=("json", "text",)),
    "usage_describe": Operation("usage_describe", "GET", "/api/quotas", "always", auth=Auth("bearer"), query={"tenant": "repeat"}, reply=("json",)),
    "usage_set": Operation("usage_set", "PUT", "/api/quotas/{tenant}", "always", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "privacy_export": Operation("privacy_export", "GET", "/api/privacy/subjects/{subject}", "always", auth=Auth("bearer"), query={"cursor": "repeat", "limit": "repeat"}, reply=("json",)),
    "privacy_erase": Operation("privacy_erase", "DELETE", "/api/privacy/subjects/{subject}", "always", auth=Auth("bearer"), reply=("json",), proof=True),
    "privacy_policy": Operation("privacy_policy", "GET", "/api/privacy/policy", "always", auth=Auth("bearer"), reply=("json",)),
    "privacy_set_policy": Operation("privacy_setPolicy", "PUT", "/api/privacy/policy", "always", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "privacy_receipt_keys": Operation("privacy_receiptKeys", "GET", "/api/privacy/receipt-keys", "always", auth=Auth("bearer"), reply=("json",)),
    "operations_health": Operation("operations_live[0]", "GET", "/health", "always", reply=("json",)),
    "operations_live": Operation("operations_live[1]", "GET", "/health/live", "always", reply=("json",)),
    "operations_ready": Operation("operations_ready", "GET", "/health/ready", "always", reply=("json",)),
    "operations_metrics": Operation("operations_metrics", "GET", "/api/metrics", "always", reply=("text",)),
    "operations_document": Operation("operations_document", "GET", "/api/openapi.json", "always", reply=("json",)),
    "audit_page": Operation("audit_page", "GET", "/api/admin/audit", "always", auth=Auth("bearer"), query={"from": "repeat", "limit": "repeat"}, reply=("json",)),
    "auth_list": Operation("auth_list", "GET", "/api/auth/revocations", "always", auth=Auth("bearer"), query={"tenant": "repeat", "cursor": "repeat", "limit": "repeat"}, reply=("json",)),
    "auth_revoke": Operation("auth_revoke", "POST", "/api/auth/revocations", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "auth_lift": Operation("auth_lift", "DELETE", "/api/auth/revocations/{id}", "always", auth=Auth("bearer"), query={"tenant": "repeat"}, reply=("json",), proof=True),
    "keys_list": Operation("keys_list", "GET", "/api/admin/keys", "always", auth=Auth("bearer"), query={"tenant": "repeat", "cursor": "repeat", "limit": "repeat"}, reply=("json",)),
    "keys_rotate": Operation("keys_rotate", "POST", "/api/admin/keys/rotate", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "keys_retire": Operation("keys_retire", "POST", "/api/admin/keys/retire", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "keys_reseal": Operation("keys_reseal", "POST", "/api/admin/keys/reseal", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "keys_shred": Operation("keys_shred", "POST", "/api/admin/tenants/{tenant}/shred", "keyed", auth=Auth("bearer"), reply=("json",), proof=True),
    "reindex_estimate": Operation("reindex_estimate", "GET", "/api/admin/vectors/reindex", "always", auth=Auth("bearer"), query={"tenant": "repeat", "collection": "repeat"}, reply=("json",)),
    "reindex_step": Operation("reindex_step", "POST", "/api/admin/vectors/reindex", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
    "reindex_check": Operation("reindex_check", "POST", "/api/admin/vectors/drift", "keyed", auth=Auth("bearer"), body=Body("application/json", "json"), reply=("json",), proof=True),
}
