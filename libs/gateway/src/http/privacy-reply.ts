// Policies between the wire, which counts whole seconds, and the query room, which counts milliseconds.
import type { EffectivePolicy, TenantPolicy } from '#query';
import type { PolicyDto } from './schemas/privacy.schema.js';

type Wire = Pick<PolicyDto, 'retention' | 'detection'>;

export function policyOf({ retention = {}, detection = {} }: Wire): TenantPolicy {
  const { entries, documents, collections = {} } = retention;
  return {
    retention: {
      ...(entries !== undefined && { entriesMs: entries * 1000 }),
      ...(documents !== undefined && { documentsMs: documents * 1000 }),
      collectionsMs: byName(collections, (seconds) => seconds * 1000),
    },
    detection: { ...detection, kinds: detection.kinds ?? {} },
  };
}

export function policyReply({ own, effective }: { own: TenantPolicy | undefined; effective: EffectivePolicy }) {
  return { own: own ? wireOf(own) : null, effective: wireOf(effective) };
}

function wireOf({ retention, detection }: Pick<TenantPolicy, 'retention' | 'detection'>) {
  const { entriesMs, documentsMs, collectionsMs } = retention;
  return {
    retention: {
      ...(entriesMs !== undefined && { entries: seconds(entriesMs) }),
      ...(documentsMs !== undefined && { documents: seconds(documentsMs) }),
      collections: byName(collectionsMs, seconds),
    },
    detection: { ...detection },
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function byName(numbers: Readonly<Record<string, number>>, change: (one: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, one]) => [name, change(one)]));
}
