// Every section of the configuration, in the order of the documents made from them.
import { authSection, lockoutSection } from '#auth';
import { cacheSection } from '#cache';
import { outgoingSection, runtimeSection } from '#config';
import { cryptoSection } from '#crypto';
import { embeddingSection } from '#embeddings';
import { eventsSection, httpSection, rateLimitSection, tlsSection, writesSection } from '#gateway';
import { observabilitySection } from '#observability';
import { privacySection } from '#privacy';
import { driftSection, querySection, retentionSection } from '#query';
import { recordsSection } from '#records';
import { rerankersSection } from '#rerankers';
import { usageSection } from '#usage';
import { vectorStoreSection } from '#vector-stores';

export const sections = [
  runtimeSection,
  httpSection,
  tlsSection,
  outgoingSection,
  authSection,
  lockoutSection,
  rateLimitSection,
  writesSection,
  cacheSection,
  recordsSection,
  cryptoSection,
  embeddingSection,
  vectorStoreSection,
  rerankersSection,
  privacySection,
  retentionSection,
  querySection,
  driftSection,
  usageSection,
  eventsSection,
  observabilitySection,
] as const;
