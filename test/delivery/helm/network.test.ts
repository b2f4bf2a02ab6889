// Every pod is under a policy that denies what it does not name, and values that it would cut off are refused.
import { describe, expect, test } from 'vitest';
import { keyServiceFamily } from '#crypto';
import { embeddingModelFamily } from '#embeddings';
import { rerankerFamily } from '#rerankers';
import { vectorStoreFamily } from '#vector-stores';
import { sections } from '../../../apps/server/src/sections.js';
import { plainSettings } from '../../../scripts/generate/helm-values.js';
import { allOf, manifestsOf, podsOf, refusalOf, VALUE_SETS } from './charts.js';

const SETS = [...VALUE_SETS, undefined];

test.each(SETS)('of %s, every pod is under a policy of both directions', (set) => {
  const manifests = manifestsOf(set, { upgrade: true });
  const policies = allOf(manifests, 'NetworkPolicy');
  for (const { owner, labels } of podsOf(manifests)) {
    const its = policies.filter(({ spec }) => selects(spec.podSelector.matchLabels, labels));
    expect({ owner, policies: its.length }).toEqual({ owner, policies: 1 });
    expect(its[0]!.spec.policyTypes).toEqual(['Ingress', 'Egress']);
  }
});

test.each(SETS)('of %s, no policy lets through to everybody', (set) => {
  for (const { spec } of allOf(manifestsOf(set), 'NetworkPolicy')) {
    const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])] as Array<{
      to?: Peer[];
      from?: Peer[];
      ports?: object[];
    }>;
    for (const { to, from, ports } of rules) {
      const peers = to ?? from ?? [];
      expect(peers).not.toHaveLength(0);
      expect(ports ?? []).not.toHaveLength(0);
      expect(peers.filter(isEverybody)).toEqual([]);
    }
  }
});

test('a policy that lets through to everybody is seen, and such values are refused', () => {
  expect(isEverybody({})).toBe(true);
  expect(isEverybody({ namespaceSelector: {} })).toBe(true);
  expect(isEverybody({ ipBlock: { cidr: '0.0.0.0/0' } })).toBe(true);
  for (const egress of [
    '[{"to":[{"ipBlock":{"cidr":"0.0.0.0/0"}}],"ports":[{"port":443}]}]',
    '[{"ports":[{"port":443}]}]',
    '[{"to":[],"ports":[{"port":443}]}]',
    '[{"to":[{}],"ports":[{"port":443}]}]',
    '[{"to":[{"ipBlock":{"cidr":"10.0.0.0/8"}}]}]',
  ]) {
    expect({ egress, ok: refusalOf('mtls', `networkPolicy.egress=${egress}`).ok }).toEqual({ egress, ok: false });
  }
});

test('whoever wants none has none', () => {
  expect(allOf(manifestsOf(undefined, { set: ['networkPolicy.enabled=false'] }), 'NetworkPolicy')).toEqual([]);
});

/** Within the process; where an address is given, that is what is refused. */
const EMBEDDED = ['local', 'onnx', 'embedded', 'sentence-transformers'];
const FAMILIES = {
  EMBEDDING_PROVIDER: embeddingModelFamily([]),
  VECTORDB_TYPE: vectorStoreFamily([]),
  RERANK_PROVIDER: rerankerFamily([]),
  KEY_SERVICE: keyServiceFamily([]),
};

describe('values that a policy would cut off are refused, and named:', () => {
  const reach = 'networkPolicy.egress=[{"to":[{"ipBlock":{"cidr":"10.0.0.0/8"}}],"ports":[{"port":443}]}]';
  const letIn = 'networkPolicy.allowFrom=[{"podSelector":{}}]';
  const refusesBut = (way: string, named: string, ...values: string[]) => {
    const { ok, output } = refusalOf('minimal', ...values);
    expect({ ok, named: output.includes(named) && output.includes(way.split('=')[0]!) }).toEqual({
      ok: false,
      named: true,
    });
    expect(refusalOf('minimal', ...values, way)).toMatchObject({ ok: true });
    expect(refusalOf('minimal', ...values, 'networkPolicy.enabled=false')).toMatchObject({ ok: true });
  };

  test.each(Object.entries(FAMILIES))('each provider of %s that is called', async (name, family) => {
    const providers = (await family.known()).map((one) => one.name);
    expect(providers.some((one) => EMBEDDED.includes(one))).toBe(true);
    for (const provider of providers) {
      if (EMBEDDED.includes(provider))
        expect(refusalOf('minimal', `config.${name}=${provider}`)).toMatchObject({ ok: true });
      else refusesBut(reach, `config.${name}`, `config.${name}=${provider}`);
    }
  });

  test('each address of somebody', () => {
    const addresses = plainSettings(sections).filter(
      ({ env, jsonSchema }) => String(jsonSchema.pattern).endsWith('//') && env !== 'RESK_URL',
    );
    expect(addresses.length).toBeGreaterThan(6);
    for (const { env } of addresses) refusesBut(reach, `config.${env}`, `config.${env}=https://a.example`);
    refusesBut(reach, 'config.JWT_DISCOVERY', 'config.JWT_DISCOVERY=true');
  });

  test('a Redis that is not of this release', () => {
    refusesBut(reach, 'config.CACHE_BACKEND', 'config.CACHE_BACKEND=redis');
    refusesBut(reach, 'config.RECORDS_BACKEND', 'config.RECORDS_BACKEND=redis');
    refusesBut(reach, 'redis.source=existing', 'redis.source=existing', 'redis.host=redis.data.svc');
    expect(refusalOf('minimal', 'redis.source=chart', 'redis.passwordSecret.name=redis')).toMatchObject({ ok: true });
  });

  test('ways by which others ask', () => {
    refusesBut(letIn, 'ingress.enabled', 'ingress.enabled=true', 'ingress.hosts[0]=a.example');
    refusesBut(letIn, 'gateway.enabled', 'gateway.enabled=true', 'gateway.parentRefs=[{"name":"public"}]');
    refusesBut(letIn, 'service.type=NodePort', 'service.type=NodePort');
    refusesBut(letIn, 'monitoring.serviceMonitor', 'monitoring.serviceMonitor.enabled=true');
  });
});

interface Peer {
  ipBlock?: { cidr: string; except?: string[] };
  namespaceSelector?: object;
  podSelector?: object;
}

/** `podSelector: {}` alone is the own namespace; an empty namespaceSelector is all of them. */
function isEverybody({ ipBlock, namespaceSelector, podSelector }: Peer): boolean {
  if (ipBlock) return /\/0$/.test(ipBlock.cidr) && !ipBlock.except?.length;
  if (namespaceSelector) return Object.keys(namespaceSelector).length === 0;
  return podSelector === undefined;
}

function selects(wanted: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
