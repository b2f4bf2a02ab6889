# The types of the API. Written by generate:clients; a change by hand is lost.
"""The types of the API, as JSON has them."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, TypedDict, Union

__all__ = [
    "QuestionDto",
    "QuestionDtoVector",
    "QuestionDtoVectorHybridOption2",
    "QuestionDtoVectorMmrOption2",
    "QuestionDtoVectorRerankOption2",
    "QuestionDtoEmbedding",
    "AnswerDto",
    "AnswerDtoVariant",
    "AnswerDtoProvenance",
    "AnswerDtoLatencies",
    "WriteDto",
    "WrittenDto",
    "WarmUpDto",
    "WarmUpDtoEntriesItem",
    "WarmedUpDto",
    "PurgedDto",
    "EntriesDto",
    "EntriesDtoEntriesItem",
    "EntriesDtoEntriesItemProvenance",
    "EntryDto",
    "EntryDtoProvenance",
    "CollectionDto",
    "CollectionInfoDto",
    "CollectionsDto",
    "CollectionsDtoCollectionsItem",
    "DroppedDto",
    "UpsertDto",
    "UpsertDtoDocumentsItem",
    "UpsertedDto",
    "DocumentDto",
    "IngestedDto",
    "IngestedDtoRefusalsItem",
    "SearchDto",
    "SearchDtoHybridOption2",
    "SearchDtoMmrOption2",
    "SearchDtoRerankOption2",
    "MatchesDto",
    "MatchesDtoMatchesItem",
    "MatchesDtoMatchesItemLineage",
    "MatchesDtoLatencies",
    "DeleteDto",
    "DeletedDto",
    "EmbedDto",
    "EmbeddedDto",
    "EmbeddedDtoUsage",
    "UsageAmount",
    "UsageDto",
    "UsageDtoRowsItem",
    "UsageDtoTotals",
    "QuotasDto",
    "QuotasDtoQuotas",
    "QuotasDtoQuotasRequestsPerSecond",
    "QuotasDtoQuotasRequestsPerDay",
    "QuotasDtoQuotasTokensPerDay",
    "QuotasDtoQuotasMoneyPerDay",
    "QuotasDtoQuotasStoredBytes",
    "QuotasDtoQuotasStoredEntries",
    "QuotaLimitsDto",
    "ExportDto",
    "ExportDtoItemsItem",
    "ReceiptDto",
    "ReceiptDtoSubject",
    "ReceiptDtoErased",
    "PolicyReplyDto",
    "PolicyReplyDtoOwnOption1",
    "PolicyReplyDtoOwnOption1Retention",
    "PolicyReplyDtoOwnOption1Detection",
    "PolicyReplyDtoEffective",
    "PolicyReplyDtoEffectiveRetention",
    "PolicyReplyDtoEffectiveDetection",
    "PolicyDto",
    "PolicyDtoRetention",
    "PolicyDtoDetection",
    "JwksDto",
    "LiveDto",
    "ReadyDto",
    "ReadyDtoChecksItem",
    "AuditPageDto",
    "AuditPageDtoLinesItem",
    "RevokeDto",
    "RevocationDto",
    "RevocationsDto",
    "RevocationsDtoRevocationsItem",
    "LiftedDto",
    "Keys",
    "KeysMasterKeysItem",
    "KeysTenantsItem",
    "KeysTenantsItemDataKeysItem",
    "RotateDto",
    "Rotated",
    "RetireDto",
    "Retired",
    "ResealDto",
    "Resealed",
    "Shredded",
    "ShreddedDestroyed",
    "ShreddedProof",
    "ReindexEstimate",
    "ReindexEstimateCollectionsItem",
    "ReindexDto",
    "Reindexed",
    "ReindexedLeft",
    "ReindexedExamplesItem",
    "DriftDto",
    "DriftChecked",
    "DriftCheckedCollectionsItem",
    "ProblemDto",
    "ProblemDtoErrorsItem",
]


class _QuestionDto(TypedDict):
    query: str
    """The question, as the user wrote it."""


class QuestionDto(_QuestionDto, total=False):
    language: str
    """BCP 47 tag. Another language is another question."""
    model: str
    """Model that the answer is of. Another model is another question."""
    params: Dict[str, Any]
    """Parameters that shape the answer, e.g. temperature. Other params are another question."""
    seed: str
    """Chooses among deterministic variants."""
    ttl: int
    """Seconds for which an answer that is retrieved now is kept."""
    forceRefresh: bool
    """Do not look into the cache; retrieve, and keep what is found, but never over an answer written by hand."""
    vector: QuestionDtoVector
    """How the vector store is asked when the cache does not know."""
    purpose: str
    """What the answer is for. Documents with purposes answer only for one of theirs; another purpose is another question."""
    embedding: QuestionDtoEmbedding


class QuestionDtoVector(TypedDict, total=False):
    """How the vector store is asked when the cache does not know."""
    k: int
    """Matches at most."""
    threshold: float
    """Smallest score that counts as near enough."""
    filter: Dict[str, Any]
    """Fields with a value or comparisons (eq, ne, in, nin, gt, gte, lt, lte); and, or, not combine filters."""
    collection: str
    """Name of a collection. Where absent: VECTOR_COLLECTION."""
    hybrid: Union[bool, QuestionDtoVectorHybridOption2]
    """Also find by words (BM25). Scores are fused ones. Where absent: VECTOR_HYBRID."""
    mmr: Union[bool, QuestionDtoVectorMmrOption2]
    """Choose matches that are unlike each other (maximal marginal relevance). Where absent: VECTOR_MMR_LAMBDA."""
    rerank: Union[bool, QuestionDtoVectorRerankOption2]
    """Let the reranker read the candidates; scores are its own. Where absent: VECTOR_RERANK."""
    search: Dict[str, float]
    """Settings of the vendor’s search, e.g. efSearch; those that the vector store does not know are refused."""


class QuestionDtoVectorHybridOption2(TypedDict, total=False):
    alpha: float
    """Share of the vectors in the score; absent: by reciprocal rank."""


_QuestionDtoVectorMmrOption2Keys = TypedDict("_QuestionDtoVectorMmrOption2Keys", {
    "lambda": float,
}, total=False)


class QuestionDtoVectorMmrOption2(_QuestionDtoVectorMmrOption2Keys, total=False):
    candidates: int
    """Matches that the step looks at."""


class QuestionDtoVectorRerankOption2(TypedDict, total=False):
    candidates: int
    """Matches that the step looks at."""
    threshold: float
    """Smallest score of the reranker that counts."""


class QuestionDtoEmbedding(TypedDict, total=False):
    model: str
    """Model that the answer is of. Another model is another question."""


class _AnswerDto(TypedDict):
    result: Any
    """The answer; from the vector store { matches }; null where nothing is near enough."""
    hit: bool
    status: Literal["hit", "stale", "semantic", "miss"]
    """semantic: the answer to a question that says the same in other words."""
    source: Literal["cache", "vectordb", "none"]
    tier: Union[Literal["memory", "sqlite", "redis"], None]
    """Where the cache held the answer."""
    key: str
    """Key of an entry, as replies give it."""
    age: int
    """Seconds since the answer was kept."""
    expiresAt: Union[str, None]
    latencies: AnswerDtoLatencies
    """Milliseconds by step."""


class AnswerDto(_AnswerDto, total=False):
    similarity: float
    """Of this question and the one that was answered; with status semantic only."""
    variant: AnswerDtoVariant
    """The variant chosen, counted from 0."""
    provenance: AnswerDtoProvenance
    """Where the answer comes from; absent where there is none."""


class _AnswerDtoVariant(TypedDict):
    index: int


class AnswerDtoVariant(_AnswerDtoVariant, total=False):
    """The variant chosen, counted from 0."""
    id: str


class _AnswerDtoProvenance(TypedDict):
    origin: Literal["written", "vectordb"]
    """Written by a caller, or retrieved from the vector store."""


class AnswerDtoProvenance(_AnswerDtoProvenance, total=False):
    """Where the answer comes from; absent where there is none."""
    model: str
    """The model that a written answer is of, or that embedded a retrieved one."""
    version: str
    collection: str
    sources: List[str]
    """Sources of the documents, or of the written answer; 32 at most."""
    runs: List[str]
    """Ingest runs that wrote the documents; 32 at most."""


class _AnswerDtoLatencies(TypedDict):
    total: float
    """Milliseconds."""
    cache: float
    """Milliseconds."""


class AnswerDtoLatencies(_AnswerDtoLatencies, total=False):
    """Milliseconds by step."""
    embeddings: float
    vectordb: float
    rerank: float
    mmr: float


class _WriteDto(TypedDict):
    query: str
    """The question, as the user wrote it."""
    response: Any
    """The answer: any JSON value. With a list `variants` in it, one of them is served."""


class WriteDto(_WriteDto, total=False):
    ttl: int
    """Seconds for which the answer is fresh."""
    staleTtl: int
    """Seconds after the TTL for which the answer may still be served, as stale."""
    language: str
    """BCP 47 tag. Another language is another question."""
    model: str
    """Model that the answer is of. Another model is another question."""
    params: Dict[str, Any]
    """Parameters that shape the answer, e.g. temperature. Other params are another question."""
    tags: List[str]
    """Names under which the entry can be purged."""
    subject: str
    """The person whom the data is about."""
    source: str
    """Where it comes from, e.g. the name of a file or a URL."""
    variantStrategy: Literal["random", "weighted", "deterministic", "round-robin"]
    """How a variant is chosen: random, weighted, deterministic by the seed, or in turns. Where absent: weighted with weights, else random."""
    weights: List[float]
    """One weight a variant; at least one above 0."""
    seed: str
    """Chooses among deterministic variants."""


class _WrittenDto(TypedDict):
    success: Literal[True]
    key: str
    """Key of an entry, as replies give it."""
    ttl: int
    """Effective TTL in seconds, after the maximum and jitter."""
    createdAt: str
    """ISO 8601, UTC."""
    expiresAt: str
    """ISO 8601, UTC."""


class WrittenDto(_WrittenDto, total=False):
    stored: Literal[False]
    """The privacy policy of the tenant keeps such an answer out (skip): nothing was stored."""


class WarmUpDto(TypedDict):
    entries: List[WarmUpDtoEntriesItem]
    """Answers, as POST /api/cache takes them."""


class _WarmUpDtoEntriesItem(TypedDict):
    query: str
    """The question, as the user wrote it."""
    response: Any
    """The answer: any JSON value. With a list `variants` in it, one of them is served."""


class WarmUpDtoEntriesItem(_WarmUpDtoEntriesItem, total=False):
    ttl: int
    """Seconds for which the answer is fresh."""
    staleTtl: int
    """Seconds after the TTL for which the answer may still be served, as stale."""
    language: str
    """BCP 47 tag. Another language is another question."""
    model: str
    """Model that the answer is of. Another model is another question."""
    params: Dict[str, Any]
    """Parameters that shape the answer, e.g. temperature. Other params are another question."""
    tags: List[str]
    """Names under which the entry can be purged."""
    subject: str
    """The person whom the data is about."""
    source: str
    """Where it comes from, e.g. the name of a file or a URL."""
    variantStrategy: Literal["random", "weighted", "deterministic", "round-robin"]
    """How a variant is chosen: random, weighted, deterministic by the seed, or in turns. Where absent: weighted with weights, else random."""
    weights: List[float]
    """One weight a variant; at least one above 0."""
    seed: str
    """Chooses among deterministic variants."""


class WarmedUpDto(TypedDict):
    success: Literal[True]
    written: int
    """Answers stored. Those that the privacy policy keeps out do not count."""


class PurgedDto(TypedDict):
    success: Literal[True]
    purged: Union[int, None]
    """Entries purged; null where the store does not know."""


class EntriesDto(TypedDict):
    entries: List[EntriesDtoEntriesItem]
    cursor: Union[str, None]
    """Where the next page begins; null after the last."""


class EntriesDtoEntriesItem(TypedDict):
    key: str
    """Key of an entry, as replies give it."""
    createdAt: str
    """ISO 8601, UTC."""
    expiresAt: str
    """ISO 8601, UTC."""
    staleUntil: str
    """ISO 8601, UTC."""
    origin: Literal["written", "vectordb"]
    """Written by a caller, or retrieved from the vector store."""
    tags: List[str]
    provenance: EntriesDtoEntriesItemProvenance
    """Where the answer comes from."""
    bytes: int
    """Size of the answer in bytes."""


class _EntriesDtoEntriesItemProvenance(TypedDict):
    origin: Literal["written", "vectordb"]
    """Written by a caller, or retrieved from the vector store."""


class EntriesDtoEntriesItemProvenance(_EntriesDtoEntriesItemProvenance, total=False):
    """Where the answer comes from."""
    model: str
    """The model that a written answer is of, or that embedded a retrieved one."""
    version: str
    collection: str
    sources: List[str]
    """Sources of the documents, or of the written answer; 32 at most."""
    runs: List[str]
    """Ingest runs that wrote the documents; 32 at most."""


class EntryDto(TypedDict):
    key: str
    """Key of an entry, as replies give it."""
    createdAt: str
    """ISO 8601, UTC."""
    expiresAt: str
    """ISO 8601, UTC."""
    staleUntil: str
    """ISO 8601, UTC."""
    origin: Literal["written", "vectordb"]
    """Written by a caller, or retrieved from the vector store."""
    tags: List[str]
    provenance: EntryDtoProvenance
    """Where the answer comes from."""
    bytes: int
    """Size of the answer in bytes."""


class _EntryDtoProvenance(TypedDict):
    origin: Literal["written", "vectordb"]
    """Written by a caller, or retrieved from the vector store."""


class EntryDtoProvenance(_EntryDtoProvenance, total=False):
    """Where the answer comes from."""
    model: str
    """The model that a written answer is of, or that embedded a retrieved one."""
    version: str
    collection: str
    sources: List[str]
    """Sources of the documents, or of the written answer; 32 at most."""
    runs: List[str]
    """Ingest runs that wrote the documents; 32 at most."""


class _CollectionDto(TypedDict):
    name: str
    """Name of the collection."""
    dimension: int
    """Numbers in each vector."""


class CollectionDto(_CollectionDto, total=False):
    metric: Literal["cosine", "l2", "dot"]
    index: Dict[str, float]
    """Settings of the vendor’s index."""


class CollectionInfoDto(TypedDict):
    name: str
    """Name of the collection."""
    dimension: int
    """Numbers in each vector."""
    metric: Literal["cosine", "l2", "dot"]
    count: Union[int, None]
    """Points held, where known."""


class CollectionsDto(TypedDict):
    collections: List[CollectionsDtoCollectionsItem]


class CollectionsDtoCollectionsItem(TypedDict):
    name: str
    """Name of the collection."""
    dimension: int
    """Numbers in each vector."""
    metric: Literal["cosine", "l2", "dot"]
    count: Union[int, None]
    """Points held, where known."""


class DroppedDto(TypedDict):
    success: Literal[True]


class _UpsertDto(TypedDict):
    documents: List[UpsertDtoDocumentsItem]


class UpsertDto(_UpsertDto, total=False):
    collection: str
    """Name of a collection. Where absent: VECTOR_COLLECTION."""


class _UpsertDtoDocumentsItem(TypedDict):
    id: str
    """Stable name of the document. Writing the same id replaces it."""


class UpsertDtoDocumentsItem(_UpsertDtoDocumentsItem, total=False):
    text: str
    """Embedded where no vector is given, and given back by matches."""
    vector: List[float]
    """Embedding; as many numbers as the collection has dimensions."""
    metadata: Dict[str, Any]
    """What filters can ask for, and what a match gives back."""
    ttl: int
    """Seconds after which the document is never found again."""
    subject: str
    """The person whom the data is about."""
    consent: bool
    """false: kept, but never found, and no longer served from answers made of it."""
    purposes: List[str]
    """What it may be used for: only what is asked for one of them finds it. Absent: for anything."""
    source: str
    """Where it comes from, e.g. the name of a file or a URL."""
    ingestRun: str
    """Name of the run that writes it, to find all that one run has made."""


class _UpsertedDto(TypedDict):
    upserted: int


class UpsertedDto(_UpsertedDto, total=False):
    skipped: int
    """Documents that the privacy policy of the tenant keeps out (skip); absent where there are none."""


class _DocumentDto(TypedDict):
    id: str
    """Stable name of the document. Writing the same id replaces it."""


class DocumentDto(_DocumentDto, total=False):
    text: str
    """Embedded where no vector is given, and given back by matches."""
    vector: List[float]
    """Embedding; as many numbers as the collection has dimensions."""
    metadata: Dict[str, Any]
    """What filters can ask for, and what a match gives back."""
    ttl: int
    """Seconds after which the document is never found again."""
    subject: str
    """The person whom the data is about."""
    consent: bool
    """false: kept, but never found, and no longer served from answers made of it."""
    purposes: List[str]
    """What it may be used for: only what is asked for one of them finds it. Absent: for anything."""
    source: str
    """Where it comes from, e.g. the name of a file or a URL."""
    ingestRun: str
    """Name of the run that writes it, to find all that one run has made."""


class IngestedDto(TypedDict):
    rows: int
    """Lines read. upserted + skipped + refused."""
    upserted: int
    skipped: int
    """Documents that the privacy policy of the tenant keeps out."""
    refused: int
    refusals: List[IngestedDtoRefusalsItem]
    """The first 100 of those that were refused."""


class IngestedDtoRefusalsItem(TypedDict):
    row: int
    """The first line is 1."""
    reason: str


class SearchDto(TypedDict, total=False):
    collection: str
    """Name of a collection. Where absent: VECTOR_COLLECTION."""
    text: str
    vector: List[float]
    """Embedding; as many numbers as the collection has dimensions."""
    k: int
    """Matches at most."""
    threshold: float
    """Smallest score that counts as near enough."""
    filter: Dict[str, Any]
    """Fields with a value or comparisons (eq, ne, in, nin, gt, gte, lt, lte); and, or, not combine filters."""
    purpose: str
    """What the matches are for: documents with purposes are found only for one of theirs."""
    hybrid: Union[bool, SearchDtoHybridOption2]
    """Also find by words (BM25). Scores are fused ones. Where absent: VECTOR_HYBRID."""
    mmr: Union[bool, SearchDtoMmrOption2]
    """Choose matches that are unlike each other (maximal marginal relevance). Where absent: VECTOR_MMR_LAMBDA."""
    rerank: Union[bool, SearchDtoRerankOption2]
    """Let the reranker read the candidates; scores are its own. Where absent: VECTOR_RERANK."""
    search: Dict[str, float]
    """Settings of the vendor’s search, e.g. efSearch; those that the vector store does not know are refused."""


class SearchDtoHybridOption2(TypedDict, total=False):
    alpha: float
    """Share of the vectors in the score; absent: by reciprocal rank."""


_SearchDtoMmrOption2Keys = TypedDict("_SearchDtoMmrOption2Keys", {
    "lambda": float,
}, total=False)


class SearchDtoMmrOption2(_SearchDtoMmrOption2Keys, total=False):
    candidates: int
    """Matches that the step looks at."""


class SearchDtoRerankOption2(TypedDict, total=False):
    candidates: int
    """Matches that the step looks at."""
    threshold: float
    """Smallest score of the reranker that counts."""


class MatchesDto(TypedDict):
    matches: List[MatchesDtoMatchesItem]
    latencies: MatchesDtoLatencies
    """Milliseconds by step."""


class _MatchesDtoMatchesItem(TypedDict):
    id: str
    score: float
    """Of the last step that scores: similarity of the vectors, fused with words, or the reranker’s."""
    metadata: Dict[str, Any]


class MatchesDtoMatchesItem(_MatchesDtoMatchesItem, total=False):
    text: str
    source: str
    lineage: MatchesDtoMatchesItemLineage
    """How the document came to be."""


class _MatchesDtoMatchesItemLineage(TypedDict):
    ingestedAt: str


class MatchesDtoMatchesItemLineage(_MatchesDtoMatchesItemLineage, total=False):
    """How the document came to be."""
    ingestRun: str
    """The run that wrote it."""
    provider: str
    model: str
    """The model that embedded it; absent where its writer brought the vector."""
    version: str
    normalised: bool
    """Whether the model gave the vector unit length; absent: not known."""


class MatchesDtoLatencies(TypedDict, total=False):
    """Milliseconds by step."""
    embeddings: float
    vectordb: float
    rerank: float
    mmr: float


class DeleteDto(TypedDict, total=False):
    collection: str
    """Name of a collection. Where absent: VECTOR_COLLECTION."""
    ids: List[str]
    filter: Dict[str, Any]
    """Fields with a value or comparisons (eq, ne, in, nin, gt, gte, lt, lte); and, or, not combine filters."""
    subject: str
    """The person whom the data is about."""


class DeletedDto(TypedDict):
    deleted: int


class _EmbedDto(TypedDict):
    input: Union[str, List[str]]


class EmbedDto(_EmbedDto, total=False):
    model: str
    """Model that the answer is of. Another model is another question."""


class EmbeddedDto(TypedDict):
    model: str
    dimensions: int
    vectors: List[List[float]]
    usage: EmbeddedDtoUsage


class EmbeddedDtoUsage(TypedDict):
    tokens: int
    """Tokens that the provider counted."""


class UsageAmount(TypedDict):
    calls: int
    """Calls to the provider; for `avoided`, answers that made one unnecessary."""
    tokens: int
    money: Union[str, None]
    """Exact decimal number; null where no price was in force."""


class UsageDto(TypedDict):
    tenant: str
    by: Literal["hour", "day"]
    currency: Union[str, None]
    """Of all money here; null where no prices are set."""
    rows: List[UsageDtoRowsItem]
    totals: UsageDtoTotals
    """Of all rows. Money: of those with a price."""


class UsageDtoRowsItem(TypedDict):
    at: str
    """When the hour or day began (UTC)."""
    provider: str
    model: str
    spent: UsageAmount
    """Counted by the provider."""
    avoided: UsageAmount
    """What hits would have cost, had they not been hits. Never part of what was spent."""
    uncertain: UsageAmount
    """Estimates of calls that were sent and never answered: nobody knows whether they were billed."""


class UsageDtoTotals(TypedDict):
    """Of all rows. Money: of those with a price."""
    spent: UsageAmount
    """Counted by the provider."""
    avoided: UsageAmount
    """What hits would have cost, had they not been hits. Never part of what was spent."""
    uncertain: UsageAmount
    """Estimates of calls that were sent and never answered: nobody knows whether they were billed."""


class QuotasDto(TypedDict):
    tenant: str
    quotas: QuotasDtoQuotas


class QuotasDtoQuotas(TypedDict):
    requestsPerSecond: QuotasDtoQuotasRequestsPerSecond
    requestsPerDay: QuotasDtoQuotasRequestsPerDay
    tokensPerDay: QuotasDtoQuotasTokensPerDay
    moneyPerDay: QuotasDtoQuotasMoneyPerDay
    storedBytes: QuotasDtoQuotasStoredBytes
    storedEntries: QuotasDtoQuotasStoredEntries


class QuotasDtoQuotasRequestsPerSecond(TypedDict):
    limit: Union[Union[float, str], None]
    """null: no limit."""
    used: Union[Union[float, str], None]
    """null where it is not counted."""
    resetsAt: Union[str, None]
    """When it begins again at nothing."""


class QuotasDtoQuotasRequestsPerDay(TypedDict):
    limit: Union[Union[float, str], None]
    """null: no limit."""
    used: Union[Union[float, str], None]
    """null where it is not counted."""
    resetsAt: Union[str, None]
    """When it begins again at nothing."""


class QuotasDtoQuotasTokensPerDay(TypedDict):
    limit: Union[Union[float, str], None]
    """null: no limit."""
    used: Union[Union[float, str], None]
    """null where it is not counted."""
    resetsAt: Union[str, None]
    """When it begins again at nothing."""


class QuotasDtoQuotasMoneyPerDay(TypedDict):
    limit: Union[Union[float, str], None]
    """null: no limit."""
    used: Union[Union[float, str], None]
    """null where it is not counted."""
    resetsAt: Union[str, None]
    """When it begins again at nothing."""


class QuotasDtoQuotasStoredBytes(TypedDict):
    limit: Union[Union[float, str], None]
    """null: no limit."""
    used: Union[Union[float, str], None]
    """null where it is not counted."""
    resetsAt: Union[str, None]
    """When it begins again at nothing."""


class QuotasDtoQuotasStoredEntries(TypedDict):
    limit: Union[Union[float, str], None]
    """null: no limit."""
    used: Union[Union[float, str], None]
    """null where it is not counted."""
    resetsAt: Union[str, None]
    """When it begins again at nothing."""


class QuotaLimitsDto(TypedDict, total=False):
    requestsPerSecond: Union[int, None]
    """Requests in any second, by their cost."""
    requestsPerDay: Union[int, None]
    """Requests in a day (UTC), by their cost."""
    tokensPerDay: Union[int, None]
    """Tokens of providers that may be spent in a day (UTC)."""
    moneyPerDay: Union[str, None]
    """Money that may be spent in a day (UTC), a decimal number in the currency of USAGE_PRICES."""
    storedBytes: Union[int, None]
    """Bytes of cached answers kept at a time."""
    storedEntries: Union[int, None]
    """Cached answers kept at a time."""


class ExportDto(TypedDict):
    subject: str
    subjectDigest: str
    """Stands for the subject in the audit log."""
    items: List[ExportDtoItemsItem]
    cursor: Union[str, None]
    """Where the next page begins; null after the last. A page may be empty."""


class ExportDtoItemsItem(TypedDict):
    kind: Literal["entry", "document", "idempotency"]
    data: Dict[str, Any]
    """All that is kept, by what it is; see docs/PRIVACY.md."""


class ReceiptDto(TypedDict):
    receiptId: str
    action: Literal["privacy.erase"]
    tenant: str
    subject: ReceiptDtoSubject
    """Who was erased, without a name: HMAC-SHA-256 of the subject under the salt."""
    at: str
    erased: ReceiptDtoErased
    keyId: str
    """One of GET /api/privacy/receipt-keys."""
    signature: str
    """Ed25519, base64url. Check it with: resk receipt verify FILE"""


class ReceiptDtoSubject(TypedDict):
    """Who was erased, without a name: HMAC-SHA-256 of the subject under the salt."""
    salt: str
    digest: str


class ReceiptDtoErased(TypedDict):
    entries: int
    documents: int
    idempotency: int


class PolicyReplyDto(TypedDict):
    own: Union[PolicyReplyDtoOwnOption1, None]
    """What the tenant has set; null where it has set nothing."""
    effective: PolicyReplyDtoEffective
    """What holds: what is not set is as the server has it."""


class PolicyReplyDtoOwnOption1(TypedDict):
    retention: PolicyReplyDtoOwnOption1Retention
    detection: PolicyReplyDtoOwnOption1Detection


class PolicyReplyDtoOwnOption1Retention(TypedDict, total=False):
    entries: int
    """Greatest age of cached answers, in seconds."""
    documents: int
    """Greatest age of documents, in seconds."""
    collections: Dict[str, int]
    """By collection; goes before documents."""


class PolicyReplyDtoOwnOption1Detection(TypedDict, total=False):
    personal: Literal["store", "redact", "skip", "refuse"]
    """What becomes of texts with personal data."""
    secret: Literal["store", "redact", "skip", "refuse"]
    """What becomes of texts with secrets."""
    kinds: Dict[str, Literal["store", "redact", "skip", "refuse"]]
    """By kind of finding; goes before its sort."""


class PolicyReplyDtoEffective(TypedDict):
    """What holds: what is not set is as the server has it."""
    retention: PolicyReplyDtoEffectiveRetention
    detection: PolicyReplyDtoEffectiveDetection


class PolicyReplyDtoEffectiveRetention(TypedDict, total=False):
    entries: int
    """Greatest age of cached answers, in seconds."""
    documents: int
    """Greatest age of documents, in seconds."""
    collections: Dict[str, int]
    """By collection; goes before documents."""


class PolicyReplyDtoEffectiveDetection(TypedDict, total=False):
    personal: Literal["store", "redact", "skip", "refuse"]
    """What becomes of texts with personal data."""
    secret: Literal["store", "redact", "skip", "refuse"]
    """What becomes of texts with secrets."""
    kinds: Dict[str, Literal["store", "redact", "skip", "refuse"]]
    """By kind of finding; goes before its sort."""


class PolicyDto(TypedDict, total=False):
    retention: PolicyDtoRetention
    detection: PolicyDtoDetection


class PolicyDtoRetention(TypedDict, total=False):
    entries: int
    """Greatest age of cached answers, in seconds."""
    documents: int
    """Greatest age of documents, in seconds."""
    collections: Dict[str, int]
    """By collection; goes before documents."""


class PolicyDtoDetection(TypedDict, total=False):
    personal: Literal["store", "redact", "skip", "refuse"]
    """What becomes of texts with personal data."""
    secret: Literal["store", "redact", "skip", "refuse"]
    """What becomes of texts with secrets."""
    kinds: Dict[str, Literal["store", "redact", "skip", "refuse"]]
    """By kind of finding; goes before its sort."""


class JwksDto(TypedDict):
    keys: List[Dict[str, Any]]
    """Public keys of signatures, as JSON Web Keys (RFC 8037); former ones stay."""


class LiveDto(TypedDict):
    status: Literal["ok"]


class ReadyDto(TypedDict):
    status: Literal["ok", "unavailable"]
    checks: List[ReadyDtoChecksItem]


class ReadyDtoChecksItem(TypedDict):
    name: str
    ok: bool
    critical: bool


class AuditPageDto(TypedDict):
    lines: List[AuditPageDtoLinesItem]
    """Lines as they are kept: JSON texts, each with its hash, the hash of the line before, and a signature."""
    next: Union[int, None]
    """Where the next page begins; null after the last."""


class AuditPageDtoLinesItem(TypedDict):
    number: int
    line: str


class RevokeDto(TypedDict, total=False):
    jti: str
    """The claim `jti` of the token to revoke."""
    sub: str
    """The claim `sub` of the tokens to revoke: all that were issued until now, or do not say when."""
    expiresAt: str
    """When the revocation is forgotten: not before the tokens end. Where absent: after JWT_MAX_LIFETIME."""
    tenant: str
    """Another tenant than the caller’s, for operators."""


class RevocationDto(TypedDict):
    id: str
    """Stands for what was revoked, without telling it: the same token or subject has the same id again."""
    by: Literal["jti", "sub"]
    """Whether one token was revoked, or what a subject held."""
    revokedAt: str
    """When it was revoked."""
    expiresAt: str
    """When it is forgotten."""


class RevocationsDto(TypedDict):
    revocations: List[RevocationsDtoRevocationsItem]
    cursor: Union[str, None]
    """Where the next page begins; null after the last."""


class RevocationsDtoRevocationsItem(TypedDict):
    id: str
    """Stands for what was revoked, without telling it: the same token or subject has the same id again."""
    by: Literal["jti", "sub"]
    """Whether one token was revoked, or what a subject held."""
    revokedAt: str
    """When it was revoked."""
    expiresAt: str
    """When it is forgotten."""


class LiftedDto(TypedDict):
    success: Literal[True]


class Keys(TypedDict):
    sealing: bool
    """Whether anything is sealed."""
    provider: str
    """The key service; `none` where nothing is sealed."""
    masterKeys: List[KeysMasterKeysItem]
    """Only for operators."""
    tenants: List[KeysTenantsItem]
    cursor: Union[str, None]
    """Where the next page begins; `null` after the last."""


class KeysMasterKeysItem(TypedDict):
    masterKeyId: str
    state: Literal["current", "former", "disabled", "retired", "missing"]
    dataKeys: int
    """Data keys wrapped under it."""


class KeysTenantsItem(TypedDict):
    tenant: str
    dataKeys: List[KeysTenantsItemDataKeysItem]
    resealed: bool
    """Whether former data keys are no longer needed, and may be retired."""
    shreddedAt: Union[str, None]


class KeysTenantsItemDataKeysItem(TypedDict):
    dataKeyId: str
    masterKeyId: str
    state: Literal["current", "former"]
    createdAt: str
    sealings: int
    """Sealings reserved under it: no fewer than were done."""


class RotateDto(TypedDict, total=False):
    tenant: str
    """Begins a new data key of this tenant. Where absent: of the caller’s."""
    masterKeyId: str
    """Promotes this master key, and wraps all data keys under it. For operators."""


class _Rotated(TypedDict):
    success: Literal[True]


class Rotated(_Rotated, total=False):
    tenant: str
    dataKeyId: str
    """The new data key."""
    masterKeyId: str
    """The master key promoted."""
    rewrapped: int
    """Data keys wrapped anew."""
    left: int
    """Data keys that could not be unwrapped, for their master key is not held."""


class RetireDto(TypedDict, total=False):
    dataKeyId: str
    """Destroys this former data key."""
    tenant: str
    """Whose data key it is. Where absent: the caller’s."""
    masterKeyId: str
    """Takes this former master key out of use. For operators."""
    force: bool
    """Also where data is still sealed under it, which is then lost."""


class Retired(TypedDict):
    success: Literal[True]
    destroyed: int
    """Data keys destroyed."""


class ResealDto(TypedDict, total=False):
    tenant: str
    """This tenant’s alone. Where absent: all tenants’, or the caller’s own."""
    limit: int
    """Entries and documents looked at, about."""
    restart: bool
    """Forgets how far an earlier run came."""


class Resealed(TypedDict):
    done: bool
    """Whether all is done; else ask again."""
    seen: int
    """Entries and documents looked at in this run."""
    resealed: int
    """Those of them that were sealed anew."""
    tenantsDone: int
    tenantsLeft: int


class Shredded(TypedDict):
    receiptId: str
    action: Literal["tenant.shred"]
    tenant: str
    at: str
    destroyed: ShreddedDestroyed
    proof: ShreddedProof
    """After the keys were destroyed: what was tried of what is stored, and what of it could be read."""
    keyId: str
    """Key of the signature: see GET /api/privacy/receipt-keys."""
    signature: str
    """Ed25519 over the RFC 8785 form of the other members, keyId left out; base64url."""


class ShreddedDestroyed(TypedDict):
    dataKeys: int
    entries: int
    """Stored answers that could be read before."""
    documents: int
    collections: int
    atLeast: bool
    """Whether there were more answers than were counted."""


class ShreddedProof(TypedDict):
    """After the keys were destroyed: what was tried of what is stored, and what of it could be read."""
    tried: int
    readable: int


class ReindexEstimate(TypedDict):
    provider: str
    model: str
    """The model of now."""
    collections: List[ReindexEstimateCollectionsItem]
    documents: int
    """Documents of other models."""
    tokens: int
    """What embedding them would take, about: the provider counts otherwise."""
    money: Union[str, None]
    """What that would cost; `null` where there is no price."""
    currency: Union[str, None]


class ReindexEstimateCollectionsItem(TypedDict):
    tenant: str
    collection: str
    documents: int
    tokens: int


class ReindexDto(TypedDict, total=False):
    tenant: str
    """Documents of this tenant. Where absent: of all, or the caller’s own."""
    collection: str
    """This collection. Where absent: all."""
    limit: int
    """Documents looked at, about."""
    restart: bool
    """Forgets how far an earlier run came; what it moved stays moved."""


class Reindexed(TypedDict):
    done: bool
    """Whether all is done; else ask again."""
    total: int
    """Documents of other models, as they were counted in the beginning."""
    seen: int
    """Documents gone through in this run."""
    moved: int
    """Those of them that the model of now has embedded."""
    left: ReindexedLeft
    """Those that stay as they are: not found by a text, but kept, listed and counted."""
    examples: List[ReindexedExamplesItem]
    """The first of those."""
    tokens: int
    """Tokens that the provider has counted."""
    collectionsDone: int


class ReindexedLeft(TypedDict):
    """Those that stay as they are: not found by a text, but kept, listed and counted."""
    no_text: int
    """They have no text."""
    refused: int
    """The model refused them."""
    unreadable: int
    """They do not open."""


class ReindexedExamplesItem(TypedDict):
    tenant: str
    collection: str
    id: str
    reason: str


class DriftDto(TypedDict, total=False):
    tenant: str
    """Documents of this tenant. Where absent: of all, or the caller’s own."""
    collection: str
    """This collection. Where absent: all."""


class DriftChecked(TypedDict):
    drifted: bool
    """Whether any collection has drifted."""
    collections: List[DriftCheckedCollectionsItem]


class DriftCheckedCollectionsItem(TypedDict):
    tenant: str
    collection: str
    sampled: int
    """Documents that were embedded again."""
    similarity: float
    """Mean cosine of their new and their stored vectors."""
    threshold: float
    drifted: bool


class _ProblemDto(TypedDict):
    type: str
    """Names the kind of problem: urn:resk-caching:failure: and the code."""
    title: str
    status: int
    code: str
    """Stable; listed in docs/FAILURES.md."""
    detail: str
    """What happened, to which named thing, and what to do."""
    correlationId: str


class ProblemDto(_ProblemDto, total=False):
    errors: List[ProblemDtoErrorsItem]
    """Problems field by field, for 400."""


class ProblemDtoErrorsItem(TypedDict):
    path: str
    code: str
    message: str
