// What the tests of this room are made of.
import { environmentSources, readConfig } from '#config';
import {
  Meter,
  type MeteredCall,
  type OpenAccount,
  type Reranker,
  type Reranking,
  type RerankOptions,
  Secret,
} from '#ports';
import { rerankersSection, TextRanker, type TextRankerOptions } from '#rerankers';
import { cohereProvider } from '../src/providers/cohere.js';
import { teiProvider } from '../src/providers/tei.js';

export const QUESTION = 'Where is my new card?';
export const ANSWER = 'Your new card is where the tracking number says.';
export const OTHER = 'Snow falls in the mountains.';

/** The section's values for these variables alone. */
export function aConfig(env: Record<string, string> = {}) {
  return readConfig([rerankersSection], environmentSources({ env, envFile: false })).rerankers;
}

export function aRanker(model: Reranker, options: Partial<TextRankerOptions> = {}, meter?: Meter): TextRanker {
  return new TextRanker(model, { timeoutMs: 5000, retries: 0, ...options }, meter);
}

export function aCohereModel(url: string, options: Record<string, unknown> = {}): Promise<Reranker> {
  return opened(cohereProvider, { url, apiKey: new Secret('co-test'), ...options });
}

export function aTeiModel(url: string, options: Record<string, unknown> = {}): Promise<Reranker> {
  return opened(teiProvider, { url, ...options });
}

/** Opens a provider as the family does: with options that its own schema has checked. */
async function opened(provider: typeof cohereProvider | typeof teiProvider, options: object): Promise<Reranker> {
  const checked = await provider.options['~standard'].validate(options);
  if (checked.issues) throw new Error(JSON.stringify(checked.issues));
  return provider.open(checked.value as never, {});
}

/** A model that says how it was called, and scores a text by its length: a hundred characters are 1. */
export class LengthReranker implements Reranker {
  readonly provider = 'length';
  readonly model = 'length';
  readonly calls: { query: string; texts: readonly string[] }[] = [];
  running = 0;
  mostRunning = 0;
  closed = 0;

  constructor(
    readonly remote: boolean,
    public maxBatch = 100,
  ) {}

  /** What a call gives; replaced by tests that need another outcome. */
  answer = async (_query: string, texts: readonly string[], _options: RerankOptions): Promise<Reranking> => ({
    scores: texts.map((text) => text.length / 100),
    tokens: texts.length,
  });

  async rerank(query: string, texts: readonly string[], options: RerankOptions = {}): Promise<Reranking> {
    this.calls.push({ query, texts });
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return await this.answer(query, texts, options);
    } finally {
      this.running--;
    }
  }

  async close() {
    this.closed++;
  }
}

/** A meter that writes down what it is told. */
export class Notebook extends Meter {
  readonly accounts: (MeteredCall & { callId: string; outcome?: string })[] = [];
  refusal: Error | undefined;

  async begin(call: MeteredCall): Promise<OpenAccount> {
    if (this.refusal) throw this.refusal;
    const account: (typeof this.accounts)[number] = { ...call, callId: `call-${this.accounts.length + 1}` };
    this.accounts.push(account);
    const settle = async (outcome: string) => {
      account.outcome = outcome;
    };
    return {
      callId: account.callId,
      spent: (tokens) => settle(`spent ${tokens}`),
      free: () => settle('free'),
      uncertain: () => settle('uncertain'),
    };
  }

  get outcomes() {
    return this.accounts.map((one) => one.outcome);
  }
}
