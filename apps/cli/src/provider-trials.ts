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
  /** Opens it as the server would. */
  open(): Promise<Opened>;
  cases: ContractCase[];
  close(): Promise<void>;
}

/** What every provider can be asked, and some of them how they are. */
interface Opened {
  health?(): Promise<void>;
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

/** The contracts embed or rank about twenty short texts. */
const PAID =
  'Sends it about twenty short texts. A paid service bills them, and the ledger of this server does not see them.';

/** In the order in which they are proven. Nothing configured of a family: no trial. */
const FAMILIES: Record<Family, Prepare> = {
  'vector-store': vectorStoreTrials,
  'byte-store': byteStoreTrials,
  'embedding-model': ({ sources }) => {
    const { embedding, runtime } = readConfig([embeddingSection, runtimeSection], sources);
    const open = () => openEmbeddingModel(embedding, runtime);
    const asks = embedding.provider !== 'local';
    return [trial('embedding-model', embedding.provider, PAID, { asks, open, cases: embeddingModelContract(open) })];
  },
  reranker: ({ sources }) => {
    const { rerankers, runtime } = readConfig([rerankersSection, runtimeSection], sources);
    if (rerankers.provider === 'none') return [];
    const open = () => openRerankModel(rerankers, runtime) as Promise<Reranker>;
    return [trial('reranker', rerankers.provider, PAID, { asks: true, open, cases: rerankerContract(open) })];
  },
  'key-service': ({ sources }) => {
    const { crypto, runtime } = readConfig([cryptoSection, runtimeSection], sources);
    // `local` without a key seals nothing.
    if (crypto.keyService === 'local' && !crypto.encryptionKey && !crypto.encryptionPassphrase) return [];
    const records = new MemoryRecords();
    const open = () => openKeyService(crypto, { plugins: runtime.plugins, records }) as Promise<KeyService>;
    const effect = 'Wraps and unwraps keys that are used for nothing else, and changes nothing.';
    return [trial('key-service', crypto.keyService, effect, { asks: false, open, cases: keyServiceContract(open) })];
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
  const made = trial('vector-store', vectorStore.type, effect, { asks: true, open, cases: vectorStoreContract(open) });
  return [{ ...made, close: () => sealer.close() }];
}

function byteStoreTrials({ sources }: TrialOptions): Trial[] {
  const { cache, runtime } = readConfig([cacheSection, runtimeSection], sources);
  if (cache.backend === 'memory') return [];
  const open = async () => {
    const redis = cache.backend === 'redis' ? openRedis(cache) : undefined;
    const store = (await openByteStore(cache, runtime.dataDir, redis))!;
    // In the server the connection is shared, and outlives the store; here it is the store's own.
    return redis ? Object.assign(store, { close: () => redis.close() }) : store;
  };
  // A user of Redis may have the keys of the service alone.
  const under = cache.backend === 'redis' ? `${cache.redisPrefix}:` : '';
  const effect = `Writes entries under keys of its own, ${under}contract:…, which end within a minute.`;
  return [trial('byte-store', cache.backend, effect, { asks: true, open, cases: byteStoreContract(open, { under }) })];
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
      return trial('text-detector', name, effect, { asks: false, open, cases });
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

function trial(family: Family, provider: string, effect: string, proof: Pick<Trial, 'asks' | 'open' | 'cases'>): Trial {
  return { family, provider, effect, ...proof, close: async () => {} };
}
