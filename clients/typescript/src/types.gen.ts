// The types of the API. Written by generate:clients; a change by hand is lost.

export type ClientOptions = {
    baseUrl: `${string}://${string}` | (string & {});
};

export type QuestionDto = {
    /**
     * The question, as the user wrote it.
     */
    query: string;
    /**
     * BCP 47 tag. Another language is another question.
     */
    language?: string;
    /**
     * Model that the answer is of. Another model is another question.
     */
    model?: string;
    /**
     * Parameters that shape the answer, e.g. temperature. Other params are another question.
     */
    params?: {
        [key: string]: unknown;
    };
    /**
     * Chooses among deterministic variants.
     */
    seed?: string;
    /**
     * Seconds for which an answer that is retrieved now is kept.
     */
    ttl?: number;
    /**
     * Do not look into the cache; retrieve, and keep what is found, but never over an answer written by hand.
     */
    forceRefresh?: boolean;
    /**
     * How the vector store is asked when the cache does not know.
     */
    vector?: {
        /**
         * Matches at most.
         */
        k?: number;
        /**
         * Smallest score that counts as near enough.
         */
        threshold?: number;
        /**
         * Fields with a value or comparisons (eq, ne, in, nin, gt, gte, lt, lte); and, or, not combine filters.
         */
        filter?: {
            [key: string]: unknown;
        };
        /**
         * Name of a collection. Where absent: VECTOR_COLLECTION.
         */
        collection?: string;
        /**
         * Also find by words (BM25). Scores are fused ones. Where absent: VECTOR_HYBRID.
         */
        hybrid?: boolean | {
            /**
             * Share of the vectors in the score; absent: by reciprocal rank.
             */
            alpha?: number;
        };
        /**
         * Choose matches that are unlike each other (maximal marginal relevance). Where absent: VECTOR_MMR_LAMBDA.
         */
        mmr?: boolean | {
            /**
             * 1: nearness alone; 0: variety alone.
             */
            lambda?: number;
            /**
             * Matches that the step looks at.
             */
            candidates?: number;
        };
        /**
         * Let the reranker read the candidates; scores are its own. Where absent: VECTOR_RERANK.
         */
        rerank?: boolean | {
            /**
             * Matches that the step looks at.
             */
            candidates?: number;
            /**
             * Smallest score of the reranker that counts.
             */
            threshold?: number;
        };
        /**
         * Settings of the vendor’s search, e.g. efSearch; those that the vector store does not know are refused.
         */
        search?: {
            [key: string]: number;
        };
    };
    /**
     * What the answer is for. Documents with purposes answer only for one of theirs; another purpose is another question.
     */
    purpose?: string;
    embedding?: {
        /**
         * Model that the answer is of. Another model is another question.
         */
        model?: string;
    };
};

export type AnswerDto = {
    /**
     * The answer; from the vector store { matches }; null where nothing is near enough.
     */
    result: unknown;
    hit: boolean;
    /**
     * semantic: the answer to a question that says the same in other words.
     */
    status: 'hit' | 'stale' | 'semantic' | 'miss';
    source: 'cache' | 'vectordb' | 'none';
    /**
     * Where the cache held the answer.
     */
    tier: 'memory' | 'sqlite' | 'redis' | null;
    /**
     * Of this question and the one that was answered; with status semantic only.
     */
    similarity?: number;
    /**
     * The variant chosen, counted from 0.
     */
    variant?: {
        index: number;
        id?: string;
    };
    /**
     * Key of an entry, as replies give it.
     */
    key: string;
    /**
     * Seconds since the answer was kept.
     */
    age: number;
    expiresAt: string | null;
    /**
     * Where the answer comes from; absent where there is none.
     */
    provenance?: {
        /**
         * Written by a caller, or retrieved from the vector store.
         */
        origin: 'written' | 'vectordb';
        /**
         * The model that a written answer is of, or that embedded a retrieved one.
         */
        model?: string;
        version?: string;
        collection?: string;
        /**
         * Sources of the documents, or of the written answer; 32 at most.
         */
        sources?: Array<string>;
        /**
         * Ingest runs that wrote the documents; 32 at most.
         */
        runs?: Array<string>;
    };
    /**
     * Milliseconds by step.
     */
    latencies: {
        /**
         * Milliseconds.
         */
        total: number;
        /**
         * Milliseconds.
         */
        cache: number;
        embeddings?: number;
        vectordb?: number;
        rerank?: number;
        mmr?: number;
    };
};

export type WriteDto = {
    /**
     * The question, as the user wrote it.
     */
    query: string;
    /**
     * The answer: any JSON value. With a list `variants` in it, one of them is served.
     */
    response: unknown;
    /**
     * Seconds for which the answer is fresh.
     */
    ttl?: number;
    /**
     * Seconds after the TTL for which the answer may still be served, as stale.
     */
    staleTtl?: number;
    /**
     * BCP 47 tag. Another language is another question.
     */
    language?: string;
    /**
     * Model that the answer is of. Another model is another question.
     */
    model?: string;
    /**
     * Parameters that shape the answer, e.g. temperature. Other params are another question.
     */
    params?: {
        [key: string]: unknown;
    };
    /**
     * Names under which the entry can be purged.
     */
    tags?: Array<string>;
    /**
     * The person whom the data is about.
     */
    subject?: string;
    /**
     * Where it comes from, e.g. the name of a file or a URL.
     */
    source?: string;
    /**
     * How a variant is chosen: random, weighted, deterministic by the seed, or in turns. Where absent: weighted with weights, else random.
     */
    variantStrategy?: 'random' | 'weighted' | 'deterministic' | 'round-robin';
    /**
     * One weight a variant; at least one above 0.
     */
    weights?: Array<number>;
    /**
     * Chooses among deterministic variants.
     */
    seed?: string;
};

export type WrittenDto = {
    success: true;
    /**
     * The privacy policy of the tenant keeps such an answer out (skip): nothing was stored.
     */
    stored?: false;
    /**
     * Key of an entry, as replies give it.
     */
    key: string;
    /**
     * Effective TTL in seconds, after the maximum and jitter.
     */
    ttl: number;
    /**
     * ISO 8601, UTC.
     */
    createdAt: string;
    /**
     * ISO 8601, UTC.
     */
    expiresAt: string;
};

export type WarmUpDto = {
    /**
     * Answers, as POST /api/cache takes them.
     */
    entries: Array<{
        /**
         * The question, as the user wrote it.
         */
        query: string;
        /**
         * The answer: any JSON value. With a list `variants` in it, one of them is served.
         */
        response: unknown;
        /**
         * Seconds for which the answer is fresh.
         */
        ttl?: number;
        /**
         * Seconds after the TTL for which the answer may still be served, as stale.
         */
        staleTtl?: number;
        /**
         * BCP 47 tag. Another language is another question.
         */
        language?: string;
        /**
         * Model that the answer is of. Another model is another question.
         */
        model?: string;
        /**
         * Parameters that shape the answer, e.g. temperature. Other params are another question.
         */
        params?: {
            [key: string]: unknown;
        };
        /**
         * Names under which the entry can be purged.
         */
        tags?: Array<string>;
        /**
         * The person whom the data is about.
         */
        subject?: string;
        /**
         * Where it comes from, e.g. the name of a file or a URL.
         */
        source?: string;
        /**
         * How a variant is chosen: random, weighted, deterministic by the seed, or in turns. Where absent: weighted with weights, else random.
         */
        variantStrategy?: 'random' | 'weighted' | 'deterministic' | 'round-robin';
        /**
         * One weight a variant; at least one above 0.
         */
        weights?: Array<number>;
        /**
         * Chooses among deterministic variants.
         */
        seed?: string;
    }>;
};

export type WarmedUpDto = {
    success: true;
    /**
     * Answers stored. Those that the privacy policy keeps out do not count.
     */
    written: number;
};

export type PurgedDto = {
    success: true;
    /**
     * Entries purged; null where the store does not know.
     */
    purged: number | null;
};

export type EntriesDto = {
    entries: Array<{
        /**
         * Key of an entry, as replies give it.
         */
        key: string;
        /**
         * ISO 8601, UTC.
         */
        createdAt: string;
        /**
         * ISO 8601, UTC.
         */
        expiresAt: string;
        /**
         * ISO 8601, UTC.
         */
        staleUntil: string;
        /**
         * Written by a caller, or retrieved from the vector store.
         */
        origin: 'written' | 'vectordb';
        tags: Array<string>;
        /**
         * Where the answer comes from.
         */
        provenance: {
            /**
             * Written by a caller, or retrieved from the vector store.
             */
            origin: 'written' | 'vectordb';
            /**
             * The model that a written answer is of, or that embedded a retrieved one.
             */
            model?: string;
            version?: string;
            collection?: string;
            /**
             * Sources of the documents, or of the written answer; 32 at most.
             */
            sources?: Array<string>;
            /**
             * Ingest runs that wrote the documents; 32 at most.
             */
            runs?: Array<string>;
        };
        /**
         * Size of the answer in bytes.
         */
        bytes: number;
    }>;
    /**
     * Where the next page begins; null after the last.
     */
    cursor: string | null;
};

export type EntryDto = {
    /**
     * Key of an entry, as replies give it.
     */
    key: string;
    /**
     * ISO 8601, UTC.
     */
    createdAt: string;
    /**
     * ISO 8601, UTC.
     */
    expiresAt: string;
    /**
     * ISO 8601, UTC.
     */
    staleUntil: string;
    /**
     * Written by a caller, or retrieved from the vector store.
     */
    origin: 'written' | 'vectordb';
    tags: Array<string>;
    /**
     * Where the answer comes from.
     */
    provenance: {
        /**
         * Written by a caller, or retrieved from the vector store.
         */
        origin: 'written' | 'vectordb';
        /**
         * The model that a written answer is of, or that embedded a retrieved one.
         */
        model?: string;
        version?: string;
        collection?: string;
        /**
         * Sources of the documents, or of the written answer; 32 at most.
         */
        sources?: Array<string>;
        /**
         * Ingest runs that wrote the documents; 32 at most.
         */
        runs?: Array<string>;
    };
    /**
     * Size of the answer in bytes.
     */
    bytes: number;
};

export type CollectionDto = {
    /**
     * Name of the collection.
     */
    name: string;
    /**
     * Numbers in each vector.
     */
    dimension: number;
    metric?: 'cosine' | 'l2' | 'dot';
    /**
     * Settings of the vendor’s index.
     */
    index?: {
        [key: string]: number;
    };
};

export type CollectionInfoDto = {
    /**
     * Name of the collection.
     */
    name: string;
    /**
     * Numbers in each vector.
     */
    dimension: number;
    metric: 'cosine' | 'l2' | 'dot';
    /**
     * Points held, where known.
     */
    count: number | null;
};

export type CollectionsDto = {
    collections: Array<{
        /**
         * Name of the collection.
         */
        name: string;
        /**
         * Numbers in each vector.
         */
        dimension: number;
        metric: 'cosine' | 'l2' | 'dot';
        /**
         * Points held, where known.
         */
        count: number | null;
    }>;
};

export type DroppedDto = {
    success: true;
};

export type UpsertDto = {
    /**
     * Name of a collection. Where absent: VECTOR_COLLECTION.
     */
    collection?: string;
    documents: Array<{
        /**
         * Stable name of the document. Writing the same id replaces it.
         */
        id: string;
        /**
         * Embedded where no vector is given, and given back by matches.
         */
        text?: string;
        /**
         * Embedding; as many numbers as the collection has dimensions.
         */
        vector?: Array<number>;
        /**
         * What filters can ask for, and what a match gives back.
         */
        metadata?: {
            [key: string]: unknown;
        };
        /**
         * Seconds after which the document is never found again.
         */
        ttl?: number;
        /**
         * The person whom the data is about.
         */
        subject?: string;
        /**
         * false: kept, but never found, and no longer served from answers made of it.
         */
        consent?: boolean;
        /**
         * What it may be used for: only what is asked for one of them finds it. Absent: for anything.
         */
        purposes?: Array<string>;
        /**
         * Where it comes from, e.g. the name of a file or a URL.
         */
        source?: string;
        /**
         * Name of the run that writes it, to find all that one run has made.
         */
        ingestRun?: string;
    }>;
};

export type UpsertedDto = {
    upserted: number;
    /**
     * Documents that the privacy policy of the tenant keeps out (skip); absent where there are none.
     */
    skipped?: number;
};

export type DocumentDto = {
    /**
     * Stable name of the document. Writing the same id replaces it.
     */
    id: string;
    /**
     * Embedded where no vector is given, and given back by matches.
     */
    text?: string;
    /**
     * Embedding; as many numbers as the collection has dimensions.
     */
    vector?: Array<number>;
    /**
     * What filters can ask for, and what a match gives back.
     */
    metadata?: {
        [key: string]: unknown;
    };
    /**
     * Seconds after which the document is never found again.
     */
    ttl?: number;
    /**
     * The person whom the data is about.
     */
    subject?: string;
    /**
     * false: kept, but never found, and no longer served from answers made of it.
     */
    consent?: boolean;
    /**
     * What it may be used for: only what is asked for one of them finds it. Absent: for anything.
     */
    purposes?: Array<string>;
    /**
     * Where it comes from, e.g. the name of a file or a URL.
     */
    source?: string;
    /**
     * Name of the run that writes it, to find all that one run has made.
     */
    ingestRun?: string;
};

export type IngestedDto = {
    /**
     * Lines read. upserted + skipped + refused.
     */
    rows: number;
    upserted: number;
    /**
     * Documents that the privacy policy of the tenant keeps out.
     */
    skipped: number;
    refused: number;
    /**
     * The first 100 of those that were refused.
     */
    refusals: Array<{
        /**
         * The first line is 1.
         */
        row: number;
        reason: string;
    }>;
};

export type SearchDto = {
    /**
     * Name of a collection. Where absent: VECTOR_COLLECTION.
     */
    collection?: string;
    text?: string;
    /**
     * Embedding; as many numbers as the collection has dimensions.
     */
    vector?: Array<number>;
    /**
     * Matches at most.
     */
    k?: number;
    /**
     * Smallest score that counts as near enough.
     */
    threshold?: number;
    /**
     * Fields with a value or comparisons (eq, ne, in, nin, gt, gte, lt, lte); and, or, not combine filters.
     */
    filter?: {
        [key: string]: unknown;
    };
    /**
     * What the matches are for: documents with purposes are found only for one of theirs.
     */
    purpose?: string;
    /**
     * Also find by words (BM25). Scores are fused ones. Where absent: VECTOR_HYBRID.
     */
    hybrid?: boolean | {
        /**
         * Share of the vectors in the score; absent: by reciprocal rank.
         */
        alpha?: number;
    };
    /**
     * Choose matches that are unlike each other (maximal marginal relevance). Where absent: VECTOR_MMR_LAMBDA.
     */
    mmr?: boolean | {
        /**
         * 1: nearness alone; 0: variety alone.
         */
        lambda?: number;
        /**
         * Matches that the step looks at.
         */
        candidates?: number;
    };
    /**
     * Let the reranker read the candidates; scores are its own. Where absent: VECTOR_RERANK.
     */
    rerank?: boolean | {
        /**
         * Matches that the step looks at.
         */
        candidates?: number;
        /**
         * Smallest score of the reranker that counts.
         */
        threshold?: number;
    };
    /**
     * Settings of the vendor’s search, e.g. efSearch; those that the vector store does not know are refused.
     */
    search?: {
        [key: string]: number;
    };
};

export type MatchesDto = {
    matches: Array<{
        id: string;
        /**
         * Of the last step that scores: similarity of the vectors, fused with words, or the reranker’s.
         */
        score: number;
        text?: string;
        metadata: {
            [key: string]: unknown;
        };
        source?: string;
        /**
         * How the document came to be.
         */
        lineage?: {
            /**
             * The run that wrote it.
             */
            ingestRun?: string;
            provider?: string;
            /**
             * The model that embedded it; absent where its writer brought the vector.
             */
            model?: string;
            version?: string;
            /**
             * Whether the model gave the vector unit length; absent: not known.
             */
            normalised?: boolean;
            ingestedAt: string;
        };
    }>;
    /**
     * Milliseconds by step.
     */
    latencies: {
        embeddings?: number;
        vectordb?: number;
        rerank?: number;
        mmr?: number;
    };
};

export type DeleteDto = {
    /**
     * Name of a collection. Where absent: VECTOR_COLLECTION.
     */
    collection?: string;
    ids?: Array<string>;
    /**
     * Fields with a value or comparisons (eq, ne, in, nin, gt, gte, lt, lte); and, or, not combine filters.
     */
    filter?: {
        [key: string]: unknown;
    };
    /**
     * The person whom the data is about.
     */
    subject?: string;
};

export type DeletedDto = {
    deleted: number;
};

export type EmbedDto = {
    input: string | Array<string>;
    /**
     * Model that the answer is of. Another model is another question.
     */
    model?: string;
};

export type EmbeddedDto = {
    model: string;
    dimensions: number;
    vectors: Array<Array<number>>;
    usage: {
        /**
         * Tokens that the provider counted.
         */
        tokens: number;
    };
};

export type UsageAmount = {
    /**
     * Calls to the provider; for `avoided`, answers that made one unnecessary.
     */
    calls: number;
    tokens: number;
    /**
     * Exact decimal number; null where no price was in force.
     */
    money: string | null;
};

export type UsageDto = {
    tenant: string;
    by: 'hour' | 'day';
    /**
     * Of all money here; null where no prices are set.
     */
    currency: string | null;
    rows: Array<{
        /**
         * When the hour or day began (UTC).
         */
        at: string;
        provider: string;
        model: string;
        /**
         * Counted by the provider.
         */
        spent: UsageAmount;
        /**
         * What hits would have cost, had they not been hits. Never part of what was spent.
         */
        avoided: UsageAmount;
        /**
         * Estimates of calls that were sent and never answered: nobody knows whether they were billed.
         */
        uncertain: UsageAmount;
    }>;
    /**
     * Of all rows. Money: of those with a price.
     */
    totals: {
        /**
         * Counted by the provider.
         */
        spent: UsageAmount;
        /**
         * What hits would have cost, had they not been hits. Never part of what was spent.
         */
        avoided: UsageAmount;
        /**
         * Estimates of calls that were sent and never answered: nobody knows whether they were billed.
         */
        uncertain: UsageAmount;
    };
};

export type QuotasDto = {
    tenant: string;
    quotas: {
        requestsPerSecond: {
            /**
             * null: no limit.
             */
            limit: number | string | null;
            /**
             * null where it is not counted.
             */
            used: number | string | null;
            /**
             * When it begins again at nothing.
             */
            resetsAt: string | null;
        };
        requestsPerDay: {
            /**
             * null: no limit.
             */
            limit: number | string | null;
            /**
             * null where it is not counted.
             */
            used: number | string | null;
            /**
             * When it begins again at nothing.
             */
            resetsAt: string | null;
        };
        tokensPerDay: {
            /**
             * null: no limit.
             */
            limit: number | string | null;
            /**
             * null where it is not counted.
             */
            used: number | string | null;
            /**
             * When it begins again at nothing.
             */
            resetsAt: string | null;
        };
        moneyPerDay: {
            /**
             * null: no limit.
             */
            limit: number | string | null;
            /**
             * null where it is not counted.
             */
            used: number | string | null;
            /**
             * When it begins again at nothing.
             */
            resetsAt: string | null;
        };
        storedBytes: {
            /**
             * null: no limit.
             */
            limit: number | string | null;
            /**
             * null where it is not counted.
             */
            used: number | string | null;
            /**
             * When it begins again at nothing.
             */
            resetsAt: string | null;
        };
        storedEntries: {
            /**
             * null: no limit.
             */
            limit: number | string | null;
            /**
             * null where it is not counted.
             */
            used: number | string | null;
            /**
             * When it begins again at nothing.
             */
            resetsAt: string | null;
        };
    };
};

export type QuotaLimitsDto = {
    /**
     * Requests in any second, by their cost.
     */
    requestsPerSecond?: number | null;
    /**
     * Requests in a day (UTC), by their cost.
     */
    requestsPerDay?: number | null;
    /**
     * Tokens of providers that may be spent in a day (UTC).
     */
    tokensPerDay?: number | null;
    /**
     * Money that may be spent in a day (UTC), a decimal number in the currency of USAGE_PRICES.
     */
    moneyPerDay?: string | null;
    /**
     * Bytes of cached answers kept at a time.
     */
    storedBytes?: number | null;
    /**
     * Cached answers kept at a time.
     */
    storedEntries?: number | null;
};

export type ExportDto = {
    subject: string;
    /**
     * Stands for the subject in the audit log.
     */
    subjectDigest: string;
    items: Array<{
        kind: 'entry' | 'document' | 'idempotency';
        /**
         * All that is kept, by what it is; see docs/PRIVACY.md.
         */
        data: {
            [key: string]: unknown;
        };
    }>;
    /**
     * Where the next page begins; null after the last. A page may be empty.
     */
    cursor: string | null;
};

export type ReceiptDto = {
    receiptId: string;
    action: 'privacy.erase';
    tenant: string;
    /**
     * Who was erased, without a name: HMAC-SHA-256 of the subject under the salt.
     */
    subject: {
        salt: string;
        digest: string;
    };
    at: string;
    erased: {
        entries: number;
        documents: number;
        idempotency: number;
    };
    /**
     * One of GET /api/privacy/receipt-keys.
     */
    keyId: string;
    /**
     * Ed25519, base64url. Check it with: resk receipt verify FILE
     */
    signature: string;
};

export type PolicyReplyDto = {
    /**
     * What the tenant has set; null where it has set nothing.
     */
    own: {
        retention: {
            /**
             * Greatest age of cached answers, in seconds.
             */
            entries?: number;
            /**
             * Greatest age of documents, in seconds.
             */
            documents?: number;
            /**
             * By collection; goes before documents.
             */
            collections?: {
                [key: string]: number;
            };
        };
        detection: {
            /**
             * What becomes of texts with personal data.
             */
            personal?: 'store' | 'redact' | 'skip' | 'refuse';
            /**
             * What becomes of texts with secrets.
             */
            secret?: 'store' | 'redact' | 'skip' | 'refuse';
            /**
             * By kind of finding; goes before its sort.
             */
            kinds?: {
                [key: string]: 'store' | 'redact' | 'skip' | 'refuse';
            };
        };
    } | null;
    /**
     * What holds: what is not set is as the server has it.
     */
    effective: {
        retention: {
            /**
             * Greatest age of cached answers, in seconds.
             */
            entries?: number;
            /**
             * Greatest age of documents, in seconds.
             */
            documents?: number;
            /**
             * By collection; goes before documents.
             */
            collections?: {
                [key: string]: number;
            };
        };
        detection: {
            /**
             * What becomes of texts with personal data.
             */
            personal?: 'store' | 'redact' | 'skip' | 'refuse';
            /**
             * What becomes of texts with secrets.
             */
            secret?: 'store' | 'redact' | 'skip' | 'refuse';
            /**
             * By kind of finding; goes before its sort.
             */
            kinds?: {
                [key: string]: 'store' | 'redact' | 'skip' | 'refuse';
            };
        };
    };
};

export type PolicyDto = {
    retention?: {
        /**
         * Greatest age of cached answers, in seconds.
         */
        entries?: number;
        /**
         * Greatest age of documents, in seconds.
         */
        documents?: number;
        /**
         * By collection; goes before documents.
         */
        collections?: {
            [key: string]: number;
        };
    };
    detection?: {
        /**
         * What becomes of texts with personal data.
         */
        personal?: 'store' | 'redact' | 'skip' | 'refuse';
        /**
         * What becomes of texts with secrets.
         */
        secret?: 'store' | 'redact' | 'skip' | 'refuse';
        /**
         * By kind of finding; goes before its sort.
         */
        kinds?: {
            [key: string]: 'store' | 'redact' | 'skip' | 'refuse';
        };
    };
};

export type JwksDto = {
    /**
     * Public keys of signatures, as JSON Web Keys (RFC 8037); former ones stay.
     */
    keys: Array<{
        [key: string]: unknown;
    }>;
};

export type LiveDto = {
    status: 'ok';
};

export type ReadyDto = {
    status: 'ok' | 'unavailable';
    checks: Array<{
        name: string;
        ok: boolean;
        critical: boolean;
    }>;
};

export type AuditPageDto = {
    /**
     * Lines as they are kept: JSON texts, each with its hash, the hash of the line before, and a signature.
     */
    lines: Array<{
        number: number;
        line: string;
    }>;
    /**
     * Where the next page begins; null after the last.
     */
    next: number | null;
};

export type RevokeDto = {
    /**
     * The claim `jti` of the token to revoke.
     */
    jti?: string;
    /**
     * The claim `sub` of the tokens to revoke: all that were issued until now, or do not say when.
     */
    sub?: string;
    /**
     * When the revocation is forgotten: not before the tokens end. Where absent: after JWT_MAX_LIFETIME.
     */
    expiresAt?: string;
    /**
     * Another tenant than the caller’s, for operators.
     */
    tenant?: string;
};

export type RevocationDto = {
    /**
     * Stands for what was revoked, without telling it: the same token or subject has the same id again.
     */
    id: string;
    /**
     * Whether one token was revoked, or what a subject held.
     */
    by: 'jti' | 'sub';
    /**
     * When it was revoked.
     */
    revokedAt: string;
    /**
     * When it is forgotten.
     */
    expiresAt: string;
};

export type RevocationsDto = {
    revocations: Array<{
        /**
         * Stands for what was revoked, without telling it: the same token or subject has the same id again.
         */
        id: string;
        /**
         * Whether one token was revoked, or what a subject held.
         */
        by: 'jti' | 'sub';
        /**
         * When it was revoked.
         */
        revokedAt: string;
        /**
         * When it is forgotten.
         */
        expiresAt: string;
    }>;
    /**
     * Where the next page begins; null after the last.
     */
    cursor: string | null;
};

export type LiftedDto = {
    success: true;
};

export type Keys = {
    /**
     * Whether anything is sealed.
     */
    sealing: boolean;
    /**
     * The key service; `none` where nothing is sealed.
     */
    provider: string;
    /**
     * Only for operators.
     */
    masterKeys: Array<{
        masterKeyId: string;
        state: 'current' | 'former' | 'disabled' | 'retired' | 'missing';
        /**
         * Data keys wrapped under it.
         */
        dataKeys: number;
    }>;
    tenants: Array<{
        tenant: string;
        dataKeys: Array<{
            dataKeyId: string;
            masterKeyId: string;
            state: 'current' | 'former';
            createdAt: string;
            /**
             * Sealings reserved under it: no fewer than were done.
             */
            sealings: number;
        }>;
        /**
         * Whether former data keys are no longer needed, and may be retired.
         */
        resealed: boolean;
        shreddedAt: string | null;
    }>;
    /**
     * Where the next page begins; `null` after the last.
     */
    cursor: string | null;
};

export type RotateDto = {
    /**
     * Begins a new data key of this tenant. Where absent: of the caller’s.
     */
    tenant?: string;
    /**
     * Promotes this master key, and wraps all data keys under it. For operators.
     */
    masterKeyId?: string;
};

export type Rotated = {
    success: true;
    tenant?: string;
    /**
     * The new data key.
     */
    dataKeyId?: string;
    /**
     * The master key promoted.
     */
    masterKeyId?: string;
    /**
     * Data keys wrapped anew.
     */
    rewrapped?: number;
    /**
     * Data keys that could not be unwrapped, for their master key is not held.
     */
    left?: number;
};

export type RetireDto = {
    /**
     * Destroys this former data key.
     */
    dataKeyId?: string;
    /**
     * Whose data key it is. Where absent: the caller’s.
     */
    tenant?: string;
    /**
     * Takes this former master key out of use. For operators.
     */
    masterKeyId?: string;
    /**
     * Also where data is still sealed under it, which is then lost.
     */
    force?: boolean;
};

export type Retired = {
    success: true;
    /**
     * Data keys destroyed.
     */
    destroyed: number;
};

export type ResealDto = {
    /**
     * This tenant’s alone. Where absent: all tenants’, or the caller’s own.
     */
    tenant?: string;
    /**
     * Entries and documents looked at, about.
     */
    limit?: number;
    /**
     * Forgets how far an earlier run came.
     */
    restart?: boolean;
};

export type Resealed = {
    /**
     * Whether all is done; else ask again.
     */
    done: boolean;
    /**
     * Entries and documents looked at in this run.
     */
    seen: number;
    /**
     * Those of them that were sealed anew.
     */
    resealed: number;
    tenantsDone: number;
    tenantsLeft: number;
};

export type Shredded = {
    receiptId: string;
    action: 'tenant.shred';
    tenant: string;
    at: string;
    destroyed: {
        dataKeys: number;
        /**
         * Stored answers that could be read before.
         */
        entries: number;
        documents: number;
        collections: number;
        /**
         * Whether there were more answers than were counted.
         */
        atLeast: boolean;
    };
    /**
     * After the keys were destroyed: what was tried of what is stored, and what of it could be read.
     */
    proof: {
        tried: number;
        readable: number;
    };
    /**
     * Key of the signature: see GET /api/privacy/receipt-keys.
     */
    keyId: string;
    /**
     * Ed25519 over the RFC 8785 form of the other members, keyId left out; base64url.
     */
    signature: string;
};

export type ReindexEstimate = {
    provider: string;
    /**
     * The model of now.
     */
    model: string;
    collections: Array<{
        tenant: string;
        collection: string;
        documents: number;
        tokens: number;
    }>;
    /**
     * Documents of other models.
     */
    documents: number;
    /**
     * What embedding them would take, about: the provider counts otherwise.
     */
    tokens: number;
    /**
     * What that would cost; `null` where there is no price.
     */
    money: string | null;
    currency: string | null;
};

export type ReindexDto = {
    /**
     * Documents of this tenant. Where absent: of all, or the caller’s own.
     */
    tenant?: string;
    /**
     * This collection. Where absent: all.
     */
    collection?: string;
    /**
     * Documents looked at, about.
     */
    limit?: number;
    /**
     * Forgets how far an earlier run came; what it moved stays moved.
     */
    restart?: boolean;
};

export type Reindexed = {
    /**
     * Whether all is done; else ask again.
     */
    done: boolean;
    /**
     * Documents of other models, as they were counted in the beginning.
     */
    total: number;
    /**
     * Documents gone through in this run.
     */
    seen: number;
    /**
     * Those of them that the model of now has embedded.
     */
    moved: number;
    /**
     * Those that stay as they are: not found by a text, but kept, listed and counted.
     */
    left: {
        /**
         * They have no text.
         */
        no_text: number;
        /**
         * The model refused them.
         */
        refused: number;
        /**
         * They do not open.
         */
        unreadable: number;
    };
    /**
     * The first of those.
     */
    examples: Array<{
        tenant: string;
        collection: string;
        id: string;
        reason: string;
    }>;
    /**
     * Tokens that the provider has counted.
     */
    tokens: number;
    collectionsDone: number;
};

export type DriftDto = {
    /**
     * Documents of this tenant. Where absent: of all, or the caller’s own.
     */
    tenant?: string;
    /**
     * This collection. Where absent: all.
     */
    collection?: string;
};

export type DriftChecked = {
    /**
     * Whether any collection has drifted.
     */
    drifted: boolean;
    collections: Array<{
        tenant: string;
        collection: string;
        /**
         * Documents that were embedded again.
         */
        sampled: number;
        /**
         * Mean cosine of their new and their stored vectors.
         */
        similarity: number;
        threshold: number;
        drifted: boolean;
    }>;
};

export type ProblemDto = {
    /**
     * Names the kind of problem: urn:resk-caching:failure: and the code.
     */
    type: string;
    title: string;
    status: number;
    /**
     * Stable; listed in docs/FAILURES.md.
     */
    code: string;
    /**
     * What happened, to which named thing, and what to do.
     */
    detail: string;
    /**
     * Problems field by field, for 400.
     */
    errors?: Array<{
        path: string;
        code: string;
        message: string;
    }>;
    correlationId: string;
};

export type QueryAskData = {
    body: QuestionDto;
    path?: never;
    query?: never;
    url: '/api/cache/query';
};

export type QueryAskResponses = {
    /**
     * Done.
     */
    200: AnswerDto;
};

export type QueryAskResponse = QueryAskResponses[keyof QueryAskResponses];

export type CachePurgeData = {
    body?: never;
    path?: never;
    query?: {
        tag?: string;
        query?: string;
        subject?: string;
    };
    url: '/api/cache';
};

export type CachePurgeResponses = {
    /**
     * Done.
     */
    200: PurgedDto;
};

export type CachePurgeResponse = CachePurgeResponses[keyof CachePurgeResponses];

export type CacheWriteData = {
    body: WriteDto;
    path?: never;
    query?: never;
    url: '/api/cache';
};

export type CacheWriteResponses = {
    /**
     * Done.
     */
    200: WrittenDto;
};

export type CacheWriteResponse = CacheWriteResponses[keyof CacheWriteResponses];

export type CacheWarmUpData = {
    body: WarmUpDto;
    path?: never;
    query?: never;
    url: '/api/cache/warmup';
};

export type CacheWarmUpResponses = {
    /**
     * Done.
     */
    200: WarmedUpDto;
};

export type CacheWarmUpResponse = CacheWarmUpResponses[keyof CacheWarmUpResponses];

export type CacheEntriesData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * Where the page begins, as the page before gave it.
         */
        cursor?: string;
        /**
         * Entries in the page, at most.
         */
        limit?: number;
    };
    url: '/api/cache/entries';
};

export type CacheEntriesResponses = {
    /**
     * Done.
     */
    200: EntriesDto;
};

export type CacheEntriesResponse = CacheEntriesResponses[keyof CacheEntriesResponses];

export type CacheForgetData = {
    body?: never;
    path: {
        /**
         * Key of an entry, as replies give it.
         */
        key: string;
    };
    query?: never;
    url: '/api/cache/entries/{key}';
};

export type CacheForgetResponses = {
    /**
     * Done.
     */
    200: PurgedDto;
};

export type CacheForgetResponse = CacheForgetResponses[keyof CacheForgetResponses];

export type CacheEntryData = {
    body?: never;
    path: {
        /**
         * Key of an entry, as replies give it.
         */
        key: string;
    };
    query?: never;
    url: '/api/cache/entries/{key}';
};

export type CacheEntryResponses = {
    /**
     * Done.
     */
    200: EntryDto;
};

export type CacheEntryResponse = CacheEntryResponses[keyof CacheEntryResponses];

export type VectorsCollectionsData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/api/vectors/collections';
};

export type VectorsCollectionsResponses = {
    /**
     * Done.
     */
    200: CollectionsDto;
};

export type VectorsCollectionsResponse = VectorsCollectionsResponses[keyof VectorsCollectionsResponses];

export type VectorsOpenData = {
    body: CollectionDto;
    path?: never;
    query?: never;
    url: '/api/vectors/collections';
};

export type VectorsOpenResponses = {
    /**
     * Done.
     */
    200: CollectionInfoDto;
};

export type VectorsOpenResponse = VectorsOpenResponses[keyof VectorsOpenResponses];

export type VectorsDropData = {
    body?: never;
    path: {
        /**
         * Name of the collection.
         */
        name: string;
    };
    query?: never;
    url: '/api/vectors/collections/{name}';
};

export type VectorsDropResponses = {
    /**
     * Done.
     */
    200: DroppedDto;
};

export type VectorsDropResponse = VectorsDropResponses[keyof VectorsDropResponses];

export type VectorsUpsertData = {
    body: UpsertDto;
    path?: never;
    query?: never;
    url: '/api/vectors/upsert';
};

export type VectorsUpsertResponses = {
    /**
     * Done.
     */
    200: UpsertedDto;
};

export type VectorsUpsertResponse = VectorsUpsertResponses[keyof VectorsUpsertResponses];

export type VectorsIngestData = {
    body: DocumentDto;
    path?: never;
    query?: {
        collection?: string;
        /**
         * Name of the run, kept with each document that names none.
         */
        run?: string;
    };
    url: '/api/vectors/ingest';
};

export type VectorsIngestResponses = {
    /**
     * Done.
     */
    200: IngestedDto;
};

export type VectorsIngestResponse = VectorsIngestResponses[keyof VectorsIngestResponses];

export type VectorsSearchData = {
    body: SearchDto;
    path?: never;
    query?: never;
    url: '/api/vectors/query';
};

export type VectorsSearchResponses = {
    /**
     * Done.
     */
    200: MatchesDto;
};

export type VectorsSearchResponse = VectorsSearchResponses[keyof VectorsSearchResponses];

export type VectorsDeleteData = {
    body: DeleteDto;
    path?: never;
    query?: never;
    url: '/api/vectors/delete';
};

export type VectorsDeleteResponses = {
    /**
     * Done.
     */
    200: DeletedDto;
};

export type VectorsDeleteResponse = VectorsDeleteResponses[keyof VectorsDeleteResponses];

export type VectorsEmbedData = {
    body: EmbedDto;
    path?: never;
    query?: never;
    url: '/api/embeddings';
};

export type VectorsEmbedResponses = {
    /**
     * Done.
     */
    200: EmbeddedDto;
};

export type VectorsEmbedResponse = VectorsEmbedResponses[keyof VectorsEmbedResponses];

export type UsageUsageData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * First day or time (UTC). Where absent: 30 days, or 24 hours, before `to`.
         */
        from?: string;
        /**
         * Up to this day or time, without it. Where absent: now.
         */
        to?: string;
        /**
         * What is added up.
         */
        by?: 'hour' | 'day';
        /**
         * Another tenant than one’s own: for operators. `~service` is what the server spends for itself.
         */
        tenant?: string;
        /**
         * Where absent, the header `accept` decides.
         */
        format?: 'json' | 'csv';
    };
    url: '/api/usage';
};

export type UsageUsageResponses = {
    /**
     * Done.
     */
    200: UsageDto;
};

export type UsageUsageResponse = UsageUsageResponses[keyof UsageUsageResponses];

export type UsageDescribeData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * Another tenant than one’s own: for operators. `~service` is what the server spends for itself.
         */
        tenant?: string;
    };
    url: '/api/quotas';
};

export type UsageDescribeResponses = {
    /**
     * Done.
     */
    200: QuotasDto;
};

export type UsageDescribeResponse = UsageDescribeResponses[keyof UsageDescribeResponses];

export type UsageSetData = {
    body: QuotaLimitsDto;
    path: {
        /**
         * Name of the tenant.
         */
        tenant: string;
    };
    query?: never;
    url: '/api/quotas/{tenant}';
};

export type UsageSetResponses = {
    /**
     * Done.
     */
    200: QuotasDto;
};

export type UsageSetResponse = UsageSetResponses[keyof UsageSetResponses];

export type PrivacyEraseData = {
    body?: never;
    path: {
        /**
         * The person whom the data is about.
         */
        subject: string;
    };
    query?: never;
    url: '/api/privacy/subjects/{subject}';
};

export type PrivacyEraseResponses = {
    /**
     * Done.
     */
    200: ReceiptDto;
};

export type PrivacyEraseResponse = PrivacyEraseResponses[keyof PrivacyEraseResponses];

export type PrivacyExportData = {
    body?: never;
    path: {
        /**
         * The person whom the data is about.
         */
        subject: string;
    };
    query?: {
        /**
         * Where the page begins, as the page before gave it.
         */
        cursor?: string;
        /**
         * Items in the page, at most about.
         */
        limit?: number;
    };
    url: '/api/privacy/subjects/{subject}';
};

export type PrivacyExportResponses = {
    /**
     * Done.
     */
    200: ExportDto;
};

export type PrivacyExportResponse = PrivacyExportResponses[keyof PrivacyExportResponses];

export type PrivacyPolicyData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/api/privacy/policy';
};

export type PrivacyPolicyResponses = {
    /**
     * Done.
     */
    200: PolicyReplyDto;
};

export type PrivacyPolicyResponse = PrivacyPolicyResponses[keyof PrivacyPolicyResponses];

export type PrivacySetPolicyData = {
    body: PolicyDto;
    path?: never;
    query?: never;
    url: '/api/privacy/policy';
};

export type PrivacySetPolicyResponses = {
    /**
     * Done.
     */
    200: PolicyReplyDto;
};

export type PrivacySetPolicyResponse = PrivacySetPolicyResponses[keyof PrivacySetPolicyResponses];

export type PrivacyReceiptKeysData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/api/privacy/receipt-keys';
};

export type PrivacyReceiptKeysResponses = {
    /**
     * Done.
     */
    200: JwksDto;
};

export type PrivacyReceiptKeysResponse = PrivacyReceiptKeysResponses[keyof PrivacyReceiptKeysResponses];

export type OperationsHealthData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/health';
};

export type OperationsHealthResponses = {
    /**
     * Done.
     */
    200: LiveDto;
};

export type OperationsHealthResponse = OperationsHealthResponses[keyof OperationsHealthResponses];

export type OperationsLiveData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/health/live';
};

export type OperationsLiveResponses = {
    /**
     * Done.
     */
    200: LiveDto;
};

export type OperationsLiveResponse = OperationsLiveResponses[keyof OperationsLiveResponses];

export type OperationsReadyData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/health/ready';
};

export type OperationsReadyResponses = {
    /**
     * Done.
     */
    200: ReadyDto;
};

export type OperationsReadyResponse = OperationsReadyResponses[keyof OperationsReadyResponses];

export type OperationsMetricsData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/api/metrics';
};

export type OperationsMetricsResponses = {
    /**
     * Done.
     */
    200: unknown;
};

export type OperationsDocumentData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/api/openapi.json';
};

export type OperationsDocumentResponses = {
    /**
     * Done.
     */
    200: {
        [key: string]: unknown;
    };
};

export type OperationsDocumentResponse = OperationsDocumentResponses[keyof OperationsDocumentResponses];

export type AuditPageData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * Number of the first line.
         */
        from?: number;
        /**
         * Lines at most.
         */
        limit?: number;
    };
    url: '/api/admin/audit';
};

export type AuditPageResponses = {
    /**
     * Done.
     */
    200: AuditPageDto;
};

export type AuditPageResponse = AuditPageResponses[keyof AuditPageResponses];

export type AuthListData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * Another tenant than the caller’s, for operators.
         */
        tenant?: string;
        /**
         * Where the page begins, as the page before gave it.
         */
        cursor?: string;
        /**
         * Revocations at most.
         */
        limit?: number;
    };
    url: '/api/auth/revocations';
};

export type AuthListResponses = {
    /**
     * Done.
     */
    200: RevocationsDto;
};

export type AuthListResponse = AuthListResponses[keyof AuthListResponses];

export type AuthRevokeData = {
    body: RevokeDto;
    path?: never;
    query?: never;
    url: '/api/auth/revocations';
};

export type AuthRevokeResponses = {
    /**
     * Done.
     */
    200: RevocationDto;
};

export type AuthRevokeResponse = AuthRevokeResponses[keyof AuthRevokeResponses];

export type AuthLiftData = {
    body?: never;
    path: {
        /**
         * Stands for what was revoked, without telling it: the same token or subject has the same id again.
         */
        id: string;
    };
    query?: {
        /**
         * Another tenant than the caller’s, for operators.
         */
        tenant?: string;
    };
    url: '/api/auth/revocations/{id}';
};

export type AuthLiftResponses = {
    /**
     * Done.
     */
    200: LiftedDto;
};

export type AuthLiftResponse = AuthLiftResponses[keyof AuthLiftResponses];

export type KeysListData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * This tenant alone. Who is no operator sees its own.
         */
        tenant?: string;
        /**
         * Where the page begins, as the page before gave it.
         */
        cursor?: string;
        /**
         * Tenants on a page.
         */
        limit?: number;
    };
    url: '/api/admin/keys';
};

export type KeysListResponses = {
    /**
     * Done.
     */
    200: Keys;
};

export type KeysListResponse = KeysListResponses[keyof KeysListResponses];

export type KeysRotateData = {
    body: RotateDto;
    path?: never;
    query?: never;
    url: '/api/admin/keys/rotate';
};

export type KeysRotateResponses = {
    /**
     * Done.
     */
    200: Rotated;
};

export type KeysRotateResponse = KeysRotateResponses[keyof KeysRotateResponses];

export type KeysRetireData = {
    body: RetireDto;
    path?: never;
    query?: never;
    url: '/api/admin/keys/retire';
};

export type KeysRetireResponses = {
    /**
     * Done.
     */
    200: Retired;
};

export type KeysRetireResponse = KeysRetireResponses[keyof KeysRetireResponses];

export type KeysResealData = {
    body: ResealDto;
    path?: never;
    query?: never;
    url: '/api/admin/keys/reseal';
};

export type KeysResealResponses = {
    /**
     * Done.
     */
    200: Resealed;
};

export type KeysResealResponse = KeysResealResponses[keyof KeysResealResponses];

export type KeysShredData = {
    body?: never;
    path: {
        /**
         * The tenant to shred.
         */
        tenant: string;
    };
    query?: never;
    url: '/api/admin/tenants/{tenant}/shred';
};

export type KeysShredResponses = {
    /**
     * Done.
     */
    200: Shredded;
};

export type KeysShredResponse = KeysShredResponses[keyof KeysShredResponses];

export type ReindexEstimateData = {
    body?: never;
    path?: never;
    query?: {
        tenant?: string;
        collection?: string;
    };
    url: '/api/admin/vectors/reindex';
};

export type ReindexEstimateResponses = {
    /**
     * Done.
     */
    200: ReindexEstimate;
};

export type ReindexEstimateResponse = ReindexEstimateResponses[keyof ReindexEstimateResponses];

export type ReindexStepData = {
    body: ReindexDto;
    path?: never;
    query?: never;
    url: '/api/admin/vectors/reindex';
};

export type ReindexStepResponses = {
    /**
     * Done.
     */
    200: Reindexed;
};

export type ReindexStepResponse = ReindexStepResponses[keyof ReindexStepResponses];

export type ReindexCheckData = {
    body: DriftDto;
    path?: never;
    query?: never;
    url: '/api/admin/vectors/drift';
};

export type ReindexCheckResponses = {
    /**
     * Done.
     */
    200: DriftChecked;
};

export type ReindexCheckResponse = ReindexCheckResponses[keyof ReindexCheckResponses];
