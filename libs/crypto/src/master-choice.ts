// The master key that was promoted, and those that were retired: one record, so that all instances wrap under the same.
import { failure, type KeyService } from '#ports';
import type { Records } from '#records';

const PLACE = 'keys/master';
const MOST_TRIES = 20;

export interface Choice {
  v: 1;
  /** Absent: the key that the key service itself calls current. */
  promoted?: string | undefined;
  /** Nothing is wrapped under these any more, and nothing will be. */
  retired: string[];
}

export class MasterChoice {
  constructor(
    private readonly service: KeyService,
    private readonly records: Records,
  ) {}

  async read(): Promise<Choice> {
    return parse(await this.records.get(PLACE));
  }

  /** The key to wrap under: the one promoted, where it can wrap here, else the one that the service calls current. */
  async currentId(): Promise<string | undefined> {
    const [{ promoted }, held] = await Promise.all([this.read(), this.service.keys()]);
    const there = held.find(({ masterKeyId, state }) => masterKeyId === promoted && state !== 'disabled');
    return (there ?? held.find(({ state }) => state === 'current'))?.masterKeyId;
  }

  async change(make: (before: Choice) => Choice): Promise<void> {
    for (let tried = 0; tried < MOST_TRIES; tried++) {
      const text = await this.records.get(PLACE);
      const after = JSON.stringify(make(parse(text)));
      const put = text === undefined ? (await this.records.claim(PLACE, after)).claimed : undefined;
      if (put ?? (await this.records.replace(PLACE, text!, after))) return;
    }
    throw failure('records.unavailable', { backend: this.records.backend });
  }
}

function parse(text: string | undefined): Choice {
  return text === undefined ? { v: 1, retired: [] } : (JSON.parse(text) as Choice);
}
