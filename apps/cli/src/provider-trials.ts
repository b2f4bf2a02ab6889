// What resk provider check opens of each family, as the configuration names it, and what the proof does to it.
import { cacheSection, openByteStore } from '#cache';
import { outgoingSection, readConfig, runtimeSection, type Sources } from '#config';
import { cryptoSection, openKeyService, openSealer } from '#crypto';
import { embeddingSection, openEmbeddingModel } from '#embeddings';
import {
  byteStoreContract,
  type ContractCase,
  embeddingModelContract,
  type Family,
  type Finding,
  failure,
  type KeyService,
  keyServiceContract,
  type Reranker,
  rerankerContract,
  Secret,
  type TextDetector,
  textDetectorContract,
  type VectorStore,
  vectorStoreContract,
} from '#ports';
import { privacySection, textDetectorFamily } from '#privacy';
import { LocalBus, MemoryRecords, openRedis } from '#records';
import { openRerankModel, rerankersSection } from '#rerankers';
import { OutgoingRules, setOutgoingRules } from '#resilience';
import { openVectorStore, vectorStoreSection } from '#vector-stores';

/** One configured provider, with the promises that it is to keep. */
export interface Trial {
  family: Family;
  provider: string;
  /** What proving it does, for the operator to agree to. */
  effect: string;
  /** Whether it writes into a system in use, or costs money. */
  asks: boolean;
  cases: ContractCase[];
  close(): Promise<void>;
}

export interface TrialOptions {
  sources: Sources;
  /** A text in which a detector from PLUGINS finds something. */
  sample?: string;
}

type Prepare = (options: TrialOptions) => Promise<Trial[]> | Trial[];

/** Holds something for each detector of ours; numbers are of documentation and tests. */
const SAMPLE =
  'Mail anna@example.org, account DE89 3704 0044 0532 0130 00, SSN 123-45-6789, host 203.0.113.7, password: hunter2hunter2 AKIAIOSFODNN7EXAMPLE';

const PAID = 'Embeds and ranks a few dozen short texts; a paid service bills them, past the ledger of this server.';

/** In the order in which they are proven. Nothing configured of a family: no trial. */
const FAMILIES: Record<Family, Prepare> = {
  'vector-store': vectorStoreTrials,
  'byte-store': byteStoreTrials,
  'embedding-model': ({ sources }) => {
    const { embedding, runtime } = readConfig([embeddingSection, runtimeSection], sources);
    const cases = embeddingModelContract(() => openEmbeddingModel(embedding, runtime));
    return [trial('embedding-model', embedding.provider, PAID, cases, embedding.provider !== 'local')];
  },
  reranker: ({ sources }) => {
    const { rerankers, runtime } = readConfig([rerankersSection, runtimeSection], sources);
    if (rerankers.provider === 'none') return [];
    const cases = rerankerContract(() => openRerankModel(rerankers, runtime) as Promise<Reranker>);
    return [trial('reranker', rerankers.provider, PAID, cases, true)];
  },
  'key-service': async ({ sources }) => {
    const { crypto, runtime } = readConfig([cryptoSection, runtimeSection], sources);
    const records = new MemoryRecords();
    const open = () => openKeyService(crypto, { plugins: runtime.plugins, records });
    const service = await open();
    if (!service) return [];
    await service.close();
    const effect = 'Wraps and unwraps keys that are used for nothing else, and changes nothing.';
    return [
      trial('key-service', crypto.keyService, effect, keyServiceContract(open as () => Promise<KeyService>), false),
    ];
  },
  'text-detector': textDetectorTrials,
};

export const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

/** The providers of these families that the configuration names. Fails as the start of the server would. */
export async function trialsOf(families: readonly Family[], options: TrialOptions): Promise<Trial[]> {
  const { outgoing } = readConfig([outgoingSection], options.sources);
  setOutgoingRules(OutgoingRules.allowing(outgoing.allowedHosts));
  const trials: Trial[] = [];
  for (const family of families) trials.push(...(await FAMILIES[family](options)));
  return trials;
}

async function vectorStoreTrials({ sources }: TrialOptions): Promise<Trial[]> {
  const { vectorStore, runtime, crypto } = readConfig([vectorStoreSection, runtimeSection, cryptoSection], sources);
  if (vectorStore.type === 'none') return [];
  // What the embedded store keeps of the proof is sealed under a key of this run alone: no key of the server is touched.
  const key = new Secret(Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(32))).toString('base64'));
  const own = { encryptionKey: key, encryptionPassphrase: undefined, formerEncryptionKeys: [], keyService: 'local' };
  const sealer = await openSealer({ ...crypto, ...own }, { records: new MemoryRecords(), bus: new LocalBus() });
  const { dataDir, plugins } = runtime;
  const open = () => openVectorStore(vectorStore, { dataDir, plugins, sealer }) as Promise<VectorStore>;
  const effect = 'Writes documents into tenants of its own, named contract-…, and removes them again.';
  return [
    {
      ...trial('vector-store', vectorStore.type, effect, vectorStoreContract(open), true),
      close: () => sealer.close(),
    },
  ];
}

function byteStoreTrials({ sources }: TrialOptions): Trial[] {
  const { cache, runtime } = readConfig([cacheSection, runtimeSection], sources);
  if (cache.backend === 'memory') return [];
  const redis = cache.backend === 'redis' ? openRedis(cache) : undefined;
  const cases = byteStoreContract(async () => (await openByteStore(cache, runtime.dataDir, redis))!);
  const effect = 'Writes entries under keys of its own, contract:…, which end within a minute.';
  const made = trial('byte-store', cache.backend, effect, cases, true);
  return [{ ...made, close: async () => redis?.close() }];
}

async function textDetectorTrials({ sources, sample = SAMPLE }: TrialOptions): Promise<Trial[]> {
  const { privacy, runtime } = readConfig([privacySection, runtimeSection], sources);
  const family = textDetectorFamily(runtime.plugins);
  const effect = 'Shows it texts that are made up.';
  const names = [...new Set(privacy.detectors)];
  return Promise.all(
    names.map(async (name) => {
      const open = () => family.open(name, privacy.options[name] ?? {});
      const finding = await firstFinding(open, sample);
      const cases = finding ? textDetectorContract(open, { text: sample, finding }) : [nothingFound(name)];
      return trial('text-detector', name, effect, cases, false);
    }),
  );
}

async function firstFinding(open: () => Promise<TextDetector>, sample: string): Promise<Finding | undefined> {
  const detector = await open();
  try {
    return (await detector.find(sample))[0];
  } finally {
    await detector.close();
  }
}

function nothingFound(name: string): ContractCase {
  const reason = `${name} finds nothing in the sample. Give a text that holds something with --sample`;
  return { name: 'finds something in the sample', run: () => Promise.reject(failure('cli.usage', { reason })) };
}

function trial(family: Family, provider: string, effect: string, cases: ContractCase[], asks: boolean): Trial {
  return { family, provider, effect, asks, cases, close: async () => {} };
}
