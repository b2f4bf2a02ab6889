// Every failure of the product: its stable code, its kind and what it tells the caller. docs/FAILURES.md is made from this table.
import type { FailureEntry } from './failure-kind.js';

export const FAILURES = {
  // Requests
  'request.invalid': {
    kind: 'invalid',
    title: 'Invalid input',
    detail: 'The {part} is not valid: {count} problem(s), listed in errors (the first 100).',
  },
  'request.malformed': {
    kind: 'invalid',
    title: 'Malformed body',
    detail: 'The body is not valid JSON. Send one JSON object in UTF-8.',
  },
  'request.empty': { kind: 'invalid', title: 'Empty body', detail: 'The body is empty. Send one JSON object.' },
  'request.too_deep': {
    kind: 'invalid',
    title: 'Nested too deeply',
    detail: 'The JSON body is nested more than {limit} levels deep.',
  },
  'request.forbidden_name': {
    kind: 'invalid',
    title: 'Forbidden property name',
    detail: 'The property name {name} is not accepted in a body.',
  },
  'request.too_large': { kind: 'invalid', title: 'Body too large', detail: 'The body is larger than {limit} allows.' },
  'request.media_type': {
    kind: 'invalid',
    title: 'Unsupported media type',
    detail:
      'The content type is not supported here. Send application/json, or application/x-ndjson where the API says so.',
  },
  'request.method': {
    kind: 'invalid',
    title: 'Method not allowed',
    detail: 'This resource does not answer that method. Allowed: {allowed}.',
  },
  'request.not_acceptable': {
    kind: 'invalid',
    title: 'Not acceptable',
    detail: 'This resource answers {offered} only.',
  },
  'request.not_found': {
    kind: 'absent',
    title: 'Not found',
    detail: 'There is no such resource. See /docs for what there is.',
  },
  'request.late': {
    kind: 'late',
    title: 'Deadline passed',
    detail: 'The answer was not ready within {limitMs} ms.',
    retry: false,
  },
  'request.headers': { kind: 'invalid', title: 'Bad request', detail: 'The request could not be read: {reason}.' },
  'request.headers_too_large': {
    kind: 'invalid',
    title: 'Headers too large',
    detail: 'The request line and headers are larger than 16 KiB.',
  },
  'request.headers_too_many': {
    kind: 'invalid',
    title: 'Too many headers',
    detail: 'The request has more than {limit} headers.',
  },
  'request.host': {
    kind: 'invalid',
    title: 'Asked by another name',
    detail: 'The service does not answer to the host of this request. Its names are listed in ALLOWED_HOSTS.',
  },
  'request.slow': {
    kind: 'invalid',
    title: 'Request too slow',
    detail: 'The request was not sent in full within HTTP_HEADERS_TIMEOUT.',
  },
  // Writes
  'idempotency.key_invalid': {
    kind: 'invalid',
    title: 'Idempotency-Key not valid',
    detail: 'An Idempotency-Key has 1 to 255 visible ASCII characters, and is sent once.',
  },
  'idempotency.unsupported': {
    kind: 'invalid',
    title: 'No Idempotency-Key here',
    detail:
      'What is read line by line takes no Idempotency-Key: send the lines again, documents of the same id replace each other.',
  },
  'idempotency.conflict': {
    kind: 'conflict',
    title: 'Idempotency-Key used before',
    detail: 'The Idempotency-Key was sent with another request before. Send each request with a key of its own.',
  },
  'idempotency.in_flight': {
    kind: 'conflict',
    title: 'Same request under way',
    detail: 'A request with this Idempotency-Key is under way. Send it again later for its reply.',
  },
  'idempotency.full': {
    kind: 'exhausted',
    title: 'Too many Idempotency-Keys',
    detail:
      'The tenant has used {limit} keys whose replies are kept still, which is as many as IDEMPOTENCY_KEYS_MAX allows.',
  },
  'replay.missing': {
    kind: 'invalid',
    title: 'Not told from a replay',
    detail:
      'Requests that change something must carry {header} here: x-request-timestamp with the time (epoch seconds or ISO 8601) and x-request-nonce with 16 to 128 random characters.',
  },
  'replay.stale': {
    kind: 'forbidden',
    title: 'Sent at another time',
    detail:
      'The x-request-timestamp is more than {windowSeconds} s from the time of the server. Set the clock, and send the request anew.',
  },
  'replay.repeated': {
    kind: 'conflict',
    title: 'Sent before',
    detail: 'A request with this x-request-nonce was received before. Send each with a nonce of its own.',
  },
  // Callers
  'auth.missing': { kind: 'unauthenticated', title: 'No token', detail: 'Send Authorization: Bearer <JWT>.' },
  'auth.malformed': { kind: 'unauthenticated', title: 'Not a token', detail: 'The bearer token is not a JWT.' },
  'auth.signature': {
    kind: 'unauthenticated',
    title: 'Bad signature',
    detail: 'The signature of the token does not verify.',
  },
  'auth.algorithm': {
    kind: 'unauthenticated',
    title: 'Algorithm not allowed',
    detail: 'The token is signed with an algorithm that is not configured here.',
  },
  'auth.expired': {
    kind: 'unauthenticated',
    title: 'Token expired',
    detail: 'The token has expired. Ask the issuer for a new one.',
  },
  'auth.no_expiry': {
    kind: 'unauthenticated',
    title: 'Token without expiry',
    detail: 'The token has no exp claim. Tokens must expire.',
  },
  'auth.not_yet': {
    kind: 'unauthenticated',
    title: 'Token not yet valid',
    detail: 'The token is not valid yet (nbf or iat lies in the future).',
  },
  'auth.audience': {
    kind: 'unauthenticated',
    title: 'Wrong audience or issuer',
    detail: 'The token is meant for another audience or comes from another issuer.',
  },
  'auth.claims': {
    kind: 'unauthenticated',
    title: 'Bad claims',
    detail: 'The claim {claim} of the token is missing or not of the expected form.',
  },
  'auth.lifetime': {
    kind: 'unauthenticated',
    title: 'Token lives too long',
    detail:
      'The token lasts longer than the {limitHours} hours that this server accepts. Ask the issuer for a shorter-lived one.',
  },
  'auth.scope': {
    kind: 'forbidden',
    title: 'Scope missing',
    detail: 'The token does not carry the scope {scope} that this operation needs.',
  },
  'auth.route_audience': {
    kind: 'forbidden',
    title: 'Audience missing',
    detail: 'The token carries the scope {scope}, but not the audience that this server demands for it (aud).',
  },
  'auth.key_unknown': {
    kind: 'unauthenticated',
    title: 'Key unknown',
    detail: 'The token names a key (kid) that its issuer does not publish.',
  },
  'auth.keys_unavailable': {
    kind: 'unavailable',
    title: 'Keys unavailable',
    detail:
      'The issuer’s keys cannot be fetched, so that the token cannot be verified. Retry after the time in retry-after.',
  },
  'auth.revoked': {
    kind: 'unauthenticated',
    title: 'Token revoked',
    detail: 'The token was revoked. Ask the issuer for a new one.',
  },
  'auth.revocations_unavailable': {
    kind: 'unavailable',
    title: 'Revocations unavailable',
    detail: 'What was revoked cannot be read yet, so that no new token is believed. Retry later.',
  },
  'auth.revocation_absent': {
    kind: 'absent',
    title: 'No such revocation',
    detail: 'The tenant has no revocation of that id.',
  },
  'auth.revocation_limit': {
    kind: 'exhausted',
    title: 'Too many revocations',
    detail:
      'A tenant may hold at most {limit} revocations at a time. Revoke the subject in place of its tokens, or lift some.',
  },
  'auth.locked_out': {
    kind: 'exhausted',
    title: 'Locked out',
    detail: 'Too many refusals: the {who} is locked out for a while. Retry after the time in retry-after.',
  },
  'auth.operator': {
    kind: 'forbidden',
    title: 'Operators only',
    detail: 'Only an administrator of the tenant that runs this server may do that (OPERATOR_TENANT).',
  },
  'auth.development_secret': {
    kind: 'internal',
    title: 'No development secret',
    detail: 'The secret for development cannot be kept in DATA_DIR ({reason}). Let the service write there.',
  },
  // Limits
  'rate.limited': {
    kind: 'exhausted',
    title: 'Too many requests',
    detail: 'At most {limit} requests in {windowSeconds} s. Retry after the time in retry-after.',
  },
  // Cache
  'cache.entry_absent': { kind: 'absent', title: 'No such entry', detail: 'The cache holds no entry under that key.' },
  'cache.entry_too_large': {
    kind: 'invalid',
    title: 'Entry too large',
    detail: 'The entry takes {size} bytes; at most {limit} are kept (CACHE_ENTRY_MAX).',
  },
  'cache.not_kept': {
    kind: 'unavailable',
    title: 'Answer not kept',
    detail: 'No tier took the answer: the store does not answer, or a purge came in between. Send it again.',
  },
  'cache.store_unavailable': {
    kind: 'unavailable',
    title: 'Cache store unavailable',
    detail: 'The {tier} store does not answer, and the operation cannot be done without it.',
  },
  'cache.store_refused': {
    kind: 'internal',
    title: 'Cache store refused',
    detail: 'The {tier} store cannot be opened: {reason}. {fix}',
  },
  'cache.client_missing': {
    kind: 'internal',
    title: 'Package missing',
    detail: 'CACHE_BACKEND={backend} needs the package {package}. Install it: npm install {package}',
  },
  // Sealing
  'crypto.key_length': {
    kind: 'internal',
    title: 'Key of the wrong length',
    detail:
      '{name} must be base64 of exactly 32 bytes; it decodes to {received}. Make one with: openssl rand -base64 32',
  },
  'crypto.key_unknown': { kind: 'internal', title: 'Unknown key', detail: 'No key with the id {keyId} is configured.' },
  'crypto.name_secret_missing': {
    kind: 'internal',
    title: 'No secret for key names',
    detail:
      'Key names need a secret. Set KEY_NAME_SECRET to at least 32 characters; make one with: openssl rand -base64 32',
  },
  'crypto.unreadable': {
    kind: 'internal',
    title: 'Unreadable entry',
    detail: 'A sealed {purpose} entry could not be opened ({reason}).',
  },
  'crypto.keys_unreadable': {
    kind: 'internal',
    title: 'Data keys unreadable',
    detail: 'The record of a tenant’s data keys has no form known here. Restore it from a backup, or shred the tenant.',
  },
  'crypto.too_many_data_keys': {
    kind: 'exhausted',
    title: 'Too many data keys',
    detail: 'The tenant has {limit} data keys. Seal its data anew (reseal) and retire former keys, then rotate again.',
    retry: false,
  },
  'crypto.key_in_use': {
    kind: 'conflict',
    title: 'Key in use',
    detail: 'The key {keyId} cannot be retired: {reason}.',
  },
  'crypto.data_key_absent': {
    kind: 'absent',
    title: 'No such data key',
    detail: 'The tenant has no data key {keyId}.',
  },
  'crypto.master_key_absent': {
    kind: 'absent',
    title: 'No such master key',
    detail: 'The key service holds no master key {keyId} that wraps. GET /api/admin/keys lists those that it holds.',
  },
  'crypto.sealing_off': {
    kind: 'conflict',
    title: 'Nothing is sealed',
    detail: 'This server seals nothing, so that it has no keys. Set CACHE_ENCRYPTION_KEY or KEY_SERVICE.',
  },
  'crypto.shred_unproven': {
    kind: 'internal',
    title: 'Shred not proven',
    detail:
      'The data keys were destroyed, but {readable} of the things tried could still be read. Shred again, and look into it.',
  },
  'crypto.records_not_durable': {
    kind: 'internal',
    title: 'Data keys would be lost',
    detail:
      'Data keys are kept in the records, and RECORDS_BACKEND=memory loses them with the process: nothing sealed would open again. Set RECORDS_BACKEND to sqlite or redis.',
  },
  'crypto.passphrase_unsupported': {
    kind: 'internal',
    title: 'Passphrase not supported',
    detail:
      'CACHE_ENCRYPTION_PASSPHRASE needs Argon2id, which Node.js has from 24.7 on; this is {version}. Use CACHE_ENCRYPTION_KEY.',
  },
  'crypto.key_disabled': {
    kind: 'unavailable',
    title: 'Key disabled',
    detail:
      'The master key {masterKeyId} is disabled or destroyed in its key service. Enable it there, or name another.',
    retry: false,
  },
  'crypto.unwrap_refused': {
    kind: 'internal',
    title: 'Data key refused',
    detail: 'The key service {provider} does not unwrap a stored data key: it was changed, or wrapped elsewhere.',
  },
  'crypto.key_service_unauthorised': {
    kind: 'unavailable',
    title: 'Key service refuses the credentials',
    detail: 'The key service {provider} refuses the credentials or the right to the key. {fix}',
    retry: false,
  },
  'crypto.key_service_refused': {
    kind: 'internal',
    title: 'Key service cannot be used',
    detail: 'The key service {provider} cannot be used: {reason}. {fix}',
  },
  'crypto.key_service_unavailable': {
    kind: 'unavailable',
    title: 'Key service unavailable',
    detail: 'The key service {provider} did not answer as it should ({reason}). It will be asked again.',
  },
  // Records
  'records.unavailable': {
    kind: 'unavailable',
    title: 'Records unavailable',
    detail: 'The records of the service ({backend}) cannot be reached. Try again later.',
  },
  'records.refused': {
    kind: 'internal',
    title: 'Records cannot be opened',
    detail: 'The records of the service cannot be opened: {reason}. {fix}',
  },
  'audit.unavailable': {
    kind: 'unavailable',
    title: 'Audit log unavailable',
    detail: 'What was asked ({action}) may be done, but could not be written to the audit log. Look, and repeat it.',
    retry: false,
  },
  'audit.broken': {
    kind: 'invalid',
    title: 'Audit log broken',
    detail: 'The audit log is not whole: {count} problem(s). Compare it with what was exported before.',
  },
  // Quotas
  'quota.exceeded': {
    kind: 'exhausted',
    title: 'Quota exceeded',
    detail: 'The tenant has reached its quota {quota} of {limit}.',
    retry: false,
  },
  'tenant.crowded': {
    kind: 'exhausted',
    title: 'Too much at once',
    detail: 'More than {limit} slow requests of this tenant wait to be worked on. Send fewer at a time.',
    retry: false,
  },
  // Usage
  'usage.unavailable': {
    kind: 'unavailable',
    title: 'Usage cannot be noted',
    detail: 'What a call would cost cannot be noted, so {provider} was not called. Try again later.',
    retry: false,
  },
  // Privacy
  'privacy.detector_failed': {
    kind: 'unavailable',
    title: 'Text not checked',
    detail: 'The detector {provider} of personal data failed, so that the text is neither answered nor kept.',
  },
  'privacy.refused': {
    kind: 'invalid',
    title: 'Refused by the privacy policy',
    detail:
      'The text holds what the tenant does not let be asked or kept: {kinds}. Leave it out, or change the policy (PUT /api/privacy/policy).',
  },
  'privacy.erased_meanwhile': {
    kind: 'conflict',
    title: 'Erased meanwhile',
    detail:
      'The person whom this is about was erased while it was being written; what was written of them ({count}) was taken back.',
  },
  // Embeddings
  'embedding.dimension_mismatch': {
    kind: 'internal',
    title: 'Wrong dimension',
    detail:
      '{provider} gave vectors of {received} dimensions where {expected} are expected {which}. Set EMBEDDING_DIMENSIONS or choose the model that made the collection.',
  },
  'embedding.input_refused': {
    kind: 'invalid',
    title: 'Input refused by the embedding provider',
    detail: '{provider} refused the input at position {position}.',
  },
  'embedding.provider_failed': {
    kind: 'unavailable',
    title: 'Embedding provider failed',
    detail: '{provider} did not give an embedding ({reason}).',
  },
  'embedding.provider_unauthorised': {
    kind: 'unavailable',
    title: 'Embedding provider refused the key',
    detail: '{provider} refused the API key. Check EMBEDDING_API_KEY on the server.',
    retry: false,
  },
  'embedding.quota_exhausted': {
    kind: 'unavailable',
    title: 'Embedding quota used up',
    detail: '{provider} has no quota left for this API key. Check the plan and billing of the account.',
    retry: false,
  },
  'embedding.model_unknown': {
    kind: 'invalid',
    title: 'Unknown embedding model',
    detail: 'This server embeds with {model} only.',
  },
  'embedding.reply_invalid': {
    kind: 'unavailable',
    title: 'Embedding provider answered oddly',
    detail: '{provider} gave a reply that is not of its documented form ({reason}).',
  },
  // Rerankers
  'rerank.disabled': {
    kind: 'invalid',
    title: 'No reranker',
    detail: 'This server has no reranker: send no rerank, or set RERANK_PROVIDER on the server.',
  },
  'rerank.input_refused': {
    kind: 'invalid',
    title: 'Input refused by the reranker',
    detail: '{provider} refused the input at position {position}.',
  },
  'rerank.provider_failed': {
    kind: 'unavailable',
    title: 'Reranker failed',
    detail: '{provider} did not rank the texts ({reason}).',
  },
  'rerank.provider_unauthorised': {
    kind: 'unavailable',
    title: 'Reranker refused the key',
    detail: '{provider} refused the API key. Check RERANK_API_KEY on the server.',
    retry: false,
  },
  'rerank.quota_exhausted': {
    kind: 'unavailable',
    title: 'Reranking quota used up',
    detail: '{provider} has no quota left for this API key. Check the plan and billing of the account.',
    retry: false,
  },
  'rerank.reply_invalid': {
    kind: 'unavailable',
    title: 'Reranker answered oddly',
    detail: '{provider} gave a reply that is not of its documented form ({reason}).',
  },
  // Local models
  'model.unusable': {
    kind: 'internal',
    title: 'Model cannot be used',
    detail: 'The local model {model} cannot be used: {reason}. {fix}',
  },
  // Vector stores
  'vector.collection_absent': {
    kind: 'absent',
    title: 'No such collection',
    detail: 'There is no collection named {collection}. Create it with POST /api/vectors/collections.',
  },
  'vector.collection_conflict': {
    kind: 'conflict',
    title: 'Collection differs',
    detail: 'The collection {collection} exists with dimension {dimension} and metric {metric}.',
  },
  'vector.dimension_mismatch': {
    kind: 'invalid',
    title: 'Wrong dimension',
    detail: 'The vector of {subject} has {received} dimensions; the collection {collection} holds {expected}.',
  },
  'vector.vector_invalid': {
    kind: 'invalid',
    title: 'Vector not usable',
    detail: 'The vector of {subject} holds a value that is not a finite number, or has no direction.',
  },
  'vector.filter_unsupported': {
    kind: 'invalid',
    title: 'Filter not supported',
    detail: 'The vector store {provider} does not support the filter operator {operator}.',
  },
  'vector.setting_unsupported': {
    kind: 'invalid',
    title: 'Setting not supported',
    detail: 'The vector store {provider} does not know the setting {setting}. It knows: {known}.',
  },
  'vector.hybrid_unsupported': {
    kind: 'invalid',
    title: 'Hybrid search not supported',
    detail: 'The vector store {provider} does not search by words. Send no hybrid.',
  },
  'vector.input_refused': {
    kind: 'invalid',
    title: 'Input refused by the vector store',
    detail: 'The vector store {provider} refused the input ({reason}).',
  },
  'vector.store_unauthorised': {
    kind: 'unavailable',
    title: 'Vector store refused the key',
    detail: 'The vector store {provider} refused the credentials. {fix}',
    retry: false,
  },
  'vector.quota_exhausted': {
    kind: 'unavailable',
    title: 'Quota of the vector store used up',
    detail: 'The vector store {provider} takes no more ({reason}). Check the plan of the account.',
    retry: false,
  },
  'vector.reply_invalid': {
    kind: 'unavailable',
    title: 'Vector store answered oddly',
    detail: 'The vector store {provider} gave a reply that is not of its documented form ({reason}).',
  },
  'vector.store_disabled': {
    kind: 'unavailable',
    title: 'No vector store',
    detail: 'This server runs without a vector store. Set VECTORDB_TYPE.',
  },
  'vector.store_unavailable': {
    kind: 'unavailable',
    title: 'Vector store unavailable',
    detail: 'The vector store {provider} does not answer ({reason}).',
  },
  'vector.store_refused': {
    kind: 'internal',
    title: 'Vector store refused',
    detail: 'The vector store {provider} cannot be opened: {reason}. {fix}',
  },
  'vector.memory_exceeded': {
    kind: 'internal',
    title: 'Collection larger than memory',
    detail:
      'The collection {collection} needs {neededMiB} MiB of memory to be searched; VECTORDB_MEMORY_MAX allows {limitMiB} MiB. Raise it on the server.',
  },
  'vector.collection_busy': {
    kind: 'unavailable',
    title: 'Collection busy',
    detail:
      'The collection {collection} is being written by others, while it holds vectors of several models. Try again.',
  },
  'vector.models_differ': {
    kind: 'unavailable',
    title: 'Vectors of another model',
    detail: '{collections} collection(s) hold vectors that the embedding model of now does not give. Run resk reindex.',
  },
  'vector.reindex_running': {
    kind: 'conflict',
    title: 'Reindex is running',
    detail: 'Another caller is at a step of a reindex just now. Try again when it is done.',
  },
  // Providers
  'provider.unknown': {
    kind: 'internal',
    title: 'Unknown provider',
    detail:
      '{variable}={name} is not a known {family}. Known: {known}. A package of your own must be listed in PLUGINS.',
  },
  'provider.not_a_provider': {
    kind: 'internal',
    title: 'Not a provider',
    detail: 'The package {package} does not export a provider made with defineProvider.',
  },
  'provider.version': {
    kind: 'internal',
    title: 'Provider of another version',
    detail: 'The provider {name} is built for port version {received}; this server speaks {expected}.',
  },
  'provider.options': {
    kind: 'internal',
    title: 'Provider options not valid',
    detail: 'The options of {name} are not valid: {problems}',
  },
  'provider.load_failed': {
    kind: 'internal',
    title: 'Provider cannot be loaded',
    detail:
      'The package {package} listed in PLUGINS cannot be imported ({reason}). Install it beside resk-caching, or in the folder that the server is started in.',
  },
  // Calls outwards
  'call.timeout': { kind: 'late', title: 'Call timed out', detail: '{target} did not answer within {limitMs} ms.' },
  'call.failed': { kind: 'unavailable', title: 'Call failed', detail: '{target} could not be reached ({reason}).' },
  'call.refused': { kind: 'unavailable', title: 'Call refused', detail: '{target} answered status {status}.' },
  'outgoing.refused': {
    kind: 'internal',
    title: 'Outgoing call refused',
    detail:
      'Calls to {host} are refused: {rule}. If it is meant to be called, list it in OUTGOING_ALLOWED_HOSTS; else use an address that is public and https.',
  },
  'call.open_circuit': {
    kind: 'unavailable',
    title: 'Circuit open',
    detail: '{target} failed repeatedly and is not called for the moment.',
    retry: false,
  },
  'call.crowded': {
    kind: 'unavailable',
    title: 'Too many calls',
    detail: 'Too many calls to {target} are under way.',
    retry: false,
  },
  'call.reply_invalid': {
    kind: 'unavailable',
    title: 'Reply not understood',
    detail: '{target} gave a reply that is not of its documented form ({reason}).',
  },
  // Events
  'event.frame_invalid': { kind: 'invalid', title: 'Frame not valid', detail: 'The frame is not valid: {reason}.' },
  'event.channel_limit': {
    kind: 'exhausted',
    title: 'Too many channels',
    detail: 'A connection may subscribe to at most {limit} channels.',
  },
  'event.rate_limited': {
    kind: 'exhausted',
    title: 'Too many frames',
    detail: 'At most {limit} frames a second on one connection.',
  },
  'event.too_large': { kind: 'invalid', title: 'Frame too large', detail: 'A frame may have at most {limit} bytes.' },
  'event.reserved': {
    kind: 'forbidden',
    title: 'Reserved for the service',
    detail: 'Data whose type begins with {prefix} is published by the service alone.',
  },
  'event.origin': {
    kind: 'forbidden',
    title: 'Origin not allowed',
    detail: 'Pages of this origin may not connect. The operator lists origins in EVENTS_ORIGINS.',
  },
  'event.session_limit': {
    kind: 'exhausted',
    title: 'Too many connections',
    detail: 'A tenant may hold at most {limit} event connections to one instance.',
  },
  'event.slow_consumer': {
    kind: 'exhausted',
    title: 'Too slow',
    detail: 'More than {limit} bytes waited to be read by this connection. Read faster, or subscribe to less.',
  },
  // Command line
  'cli.usage': { kind: 'invalid', title: 'Not understood', detail: '{reason}' },
  'cli.file_unreadable': {
    kind: 'absent',
    title: 'File not readable',
    detail: 'The file {file} cannot be read ({reason}).',
  },
  'cli.file_invalid': { kind: 'invalid', title: 'File not valid', detail: '{file}, row {row}: {reason}.' },
  'cli.column_absent': {
    kind: 'invalid',
    title: 'No such column',
    detail: '{file} has no column {column}. Its columns: {columns}. Name another one with {option}.',
  },
  'cli.rows_refused': {
    kind: 'invalid',
    title: 'Rows refused',
    detail: '{count} row(s) were refused; the others are in.',
  },
  'cli.server_unreachable': {
    kind: 'unavailable',
    title: 'No server',
    detail:
      'No server answers at {url} ({reason}). Start one with npm start (in a clone) or resk serve, or name another with --url.',
  },
  'cli.foreign_reply': {
    kind: 'internal',
    title: 'Not our server',
    detail: "{url} answered status {status} in a form that is not this product's. Check --url.",
  },
  'cli.receipt_refused': {
    kind: 'invalid',
    title: 'Receipt refused',
    detail: 'The receipt in {file} proves nothing: {reason}.',
  },
  'cli.backup_refused': { kind: 'invalid', title: 'No backup', detail: '{file}: {reason}. {fix}' },
  'cli.token_needed': {
    kind: 'unauthenticated',
    title: 'Token needed',
    detail: '{url} is not on this machine: give a token of it with --token or RESK_TOKEN.',
  },
  'cli.token_refused': {
    kind: 'unauthenticated',
    title: 'Token refused',
    detail: 'The server refused the token ({reason}). {fix}',
  },
  'cli.server_elsewhere': {
    kind: 'unauthenticated',
    title: 'Server of another folder',
    detail:
      'No token can be minted here: JWT_SECRET is not set, and there is no {dataDir} with the secret of a server. Run resk in the folder of the server, or give a token with --token.',
  },
  'cli.signing_secret_missing': {
    kind: 'unauthenticated',
    title: 'No signing secret',
    detail:
      'No token can be minted here: JWT_SECRET is not set, and JWT_ALGORITHMS does not allow HS256. Ask the issuer of your tokens, and give one with --token.',
  },
  'cli.promises_broken': {
    kind: 'invalid',
    title: 'Promises broken',
    detail: '{count} promise(s) of the ports do not hold; see above.',
  },
  'cli.server_not_built': {
    kind: 'internal',
    title: 'Not built',
    detail: 'The server is not built. Run: npm run build',
  },
  // Operators
  'config.invalid': {
    kind: 'internal',
    title: 'Configuration not valid',
    detail: 'The configuration is not valid:\n{problems}',
  },
  'boot.endpoint_undeclared': {
    kind: 'internal',
    title: 'Endpoint undeclared',
    detail: 'The handler {handler} has no @Endpoint: every handler must declare its input, scope and cost.',
  },
  'boot.endpoint_unaudited': {
    kind: 'internal',
    title: 'Endpoint without a line in the audit log',
    detail:
      'The handler {handler} acts with an administrative scope and declares no audit line. Add `audit` to @Endpoint().',
  },
  'boot.failed': { kind: 'internal', title: 'The server did not start', detail: '{reason}' },
  'server.stopping': {
    kind: 'unavailable',
    title: 'Server stopping',
    detail: 'This instance is stopping. Retry on another one.',
  },
  'internal.unexpected': {
    kind: 'internal',
    title: 'Unexpected failure',
    detail: 'Something failed that should not have. The correlation id finds it in the logs.',
  },
} as const satisfies Record<string, FailureEntry>;
