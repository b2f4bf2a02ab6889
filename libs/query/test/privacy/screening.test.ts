// What a tenant's policy does not let be kept is not kept, whatever the way it comes.
import { describe, expect, it } from 'vitest';
import { listen } from '#ports';
import type { PrivacyPolicy } from '#privacy';
import { aRoom, asker, type Room } from '../support.js';

const MAIL = 'ann.lee@example.com';
const QUESTION = `What did ${MAIL} order?`;
const CARD = 4_111_111_111_111_111;

const policy = (detection: Partial<PrivacyPolicy>) => ({
  retention: { collectionsMs: {} },
  detection: { kinds: {}, ...detection },
});

async function roomWith(detection: Partial<PrivacyPolicy>): Promise<Room> {
  const room = await aRoom();
  await room.documents.upsert([{ id: 'd', text: 'Somebody ordered tea.' }], undefined, 'north');
  await room.policiesService.set('north', policy(detection));
  return room;
}

const ask = async (room: Room, query = QUESTION) => room.queries.ask({ query }, asker);

describe('store', () => {
  it('asks and keeps the text as it is', async () => {
    const room = await roomWith({ personal: 'store' });
    expect([(await ask(room)).source, (await ask(room)).source]).toEqual(['vectordb', 'cache']);
    expect(room.queries.recall({ query: QUESTION }, asker)?.hit).toBe(true);
  });
});

describe('redact', () => {
  it('names, embeds and keeps the redacted form alone', async () => {
    const room = await roomWith({ personal: 'redact' });
    expect([(await ask(room)).source, (await ask(room, 'What did bob@example.org order?')).source]).toEqual([
      'vectordb',
      'cache',
    ]);
    expect(room.queries.recall({ query: 'What did [email] order?' }, asker)?.hit).toBe(true);
    expect(room.queries.recall({ query: QUESTION }, asker)).toBeUndefined();
  });

  it('keeps written answers without it, in texts, names of members and numbers', async () => {
    const room = await roomWith({ personal: 'redact' });
    const response = { [MAIL]: [`write to ${MAIL}`, CARD, 2024, true, null] };
    const { stored, name } = await room.answers.write({ query: QUESTION, response, source: `mail of ${MAIL}` }, asker);
    expect(stored).toBe(true);
    const entry = await room.cache.entry({ tenant: 'north', name });
    expect(JSON.parse(entry!.json)).toEqual({ '[email]': ['write to [email]', '[card]', 2024, true, null] });
    expect(entry!.lineage?.sources).toEqual(['mail of [email]']);
    expect((await ask(room)).source).toBe('cache');
    expect(await room.answers.purge({ query: QUESTION }, asker)).toBe(1);
  });

  it('keeps documents without it, and finds them by what is left', async () => {
    const room = await roomWith({ personal: 'redact' });
    const document = {
      id: 'm',
      text: `${MAIL} drinks coffee.`,
      metadata: { from: MAIL, year: 2024 },
      source: `inbox of ${MAIL}`,
    };
    expect(await room.documents.upsert([document], undefined, 'north')).toEqual({ upserted: 1 });
    const [match] = (await room.knowledge.search({ text: 'drinks coffee', k: 1 }, 'north')).matches;
    expect(match).toMatchObject({
      text: '[email] drinks coffee.',
      metadata: { from: '[email]', year: 2024 },
      source: 'inbox of [email]',
    });
  });
});

describe('skip', () => {
  it('answers, and neither keeps nor looks up', async () => {
    const room = await roomWith({ personal: 'skip' });
    expect([(await ask(room)).source, (await ask(room)).source]).toEqual(['vectordb', 'vectordb']);
    expect(room.cache.stats()).toMatchObject([{ entries: 0 }]);
    expect(await ask(room)).toMatchObject({ expiresAt: null, tier: null });
    expect((await ask(room, 'What was ordered?')).expiresAt).not.toBeNull();
  });

  it('says of a written answer that it was not stored', async () => {
    const room = await roomWith({ personal: 'skip' });
    const written = await room.answers.write({ query: 'whose?', response: MAIL }, asker);
    expect(written).toMatchObject({ stored: false });
    expect(written.expiresAt).toBe(written.createdAt);
    expect(
      await room.answers.warmUp(
        [
          { query: QUESTION, response: 1 },
          { query: 'b', response: 1 },
        ],
        asker,
      ),
    ).toBe(1);
    expect(room.cache.stats()).toMatchObject([{ entries: 1 }]);
  });

  it('leaves such documents out, and embeds the others alone', async () => {
    const room = await roomWith({ personal: 'skip' });
    const embedded: (number | undefined)[] = [];
    const stop = listen('provider.call', ({ family, items }) => {
      if (family === 'embedding-model') embedded.push(items);
    });
    const documents = [
      { id: 'a', text: `${MAIL} drinks coffee.` },
      { id: 'b', text: 'Coffee is black.' },
    ];
    expect(await room.documents.upsert(documents, undefined, 'north')).toEqual({ upserted: 1, skipped: 1 });
    expect(await room.documents.upsert(documents.slice(0, 1), undefined, 'north')).toEqual({ upserted: 0, skipped: 1 });
    stop();
    expect(embedded).toEqual([1]);
  });

  it('is what becomes of secrets where nobody has decided', async () => {
    const room = await aRoom();
    const secret = `why does ${'sk-proj-'}${'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG1hJ3'} not work?`;
    expect((await room.answers.write({ query: secret, response: 1 }, asker)).stored).toBe(false);
    expect((await room.answers.write({ query: QUESTION, response: 1 }, asker)).stored).toBe(true);
  });
});

describe('refuse', () => {
  it('takes nothing, and names the kinds, never the value', async () => {
    const room = await roomWith({ kinds: { email: 'refuse', card: 'refuse' } });
    const refusals = [
      ask(room),
      room.answers.write({ query: 'q', response: MAIL }, asker),
      room.documents.upsert([{ id: 'a', vector: [1], metadata: { from: MAIL } }], undefined, 'north'),
      room.answers.purge({ query: QUESTION }, asker),
      room.knowledge.search({ text: MAIL }, 'north'),
    ];
    for (const one of refusals) {
      const error = await one.then(
        () => undefined,
        (refused: Error) => refused,
      );
      expect(error).toMatchObject({ code: 'privacy.refused', facts: { kinds: 'email' } });
      expect(error!.message).not.toContain(MAIL);
    }
    const both = room.answers.write({ query: `${MAIL} paid with`, response: { card: CARD } }, asker);
    await expect(both).rejects.toMatchObject({ facts: { kinds: 'card, email' } });
  });
});

describe('a policy that changes', () => {
  it('takes what was kept under the one before', async () => {
    const room = await roomWith({ personal: 'store' });
    await ask(room);
    await room.policiesService.set('north', policy({ personal: 'skip' }));
    expect(room.queries.recall({ query: QUESTION }, asker)).toBeUndefined();
    expect((await ask(room)).source).toBe('vectordb');
  });

  it('while an answer is being made or written: it is not kept', async () => {
    const room = await roomWith({ personal: 'store' });
    const change = () => room.policiesService.set('north', policy({ personal: 'skip' }));
    const [asked, changed] = [ask(room), change()];
    expect(await asked).toMatchObject({ source: 'vectordb', expiresAt: null });
    await changed;
    await room.policiesService.set('north', policy({ personal: 'store' }));
    const writing = room.answers.write({ query: QUESTION, response: 1 }, asker);
    await Promise.all([expect(writing).rejects.toMatchObject({ code: 'cache.not_kept' }), change()]);
    expect(room.cache.stats()).toMatchObject([{ entries: 0 }]);
  });

  it('is that of one tenant', async () => {
    const room = await roomWith({ personal: 'refuse' });
    const south = await room.queries.ask({ query: QUESTION }, { ...asker, tenant: 'south' });
    expect(south.source).toBe('none');
  });
});
