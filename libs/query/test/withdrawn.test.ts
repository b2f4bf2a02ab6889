// What may not be given any more is neither found nor served from answers made of it.
import { describe, expect, it } from 'vitest';
import { listen } from '#ports';
import { aRoom, asker, type Room } from './support.js';

const QUESTION = { query: 'What does Ann earn?' };
const DOCUMENT = { id: 'd', text: 'Ann earns a lot.', subject: 'ann' };

/** A room in which the question was answered from the document, and is answered from the cache. */
async function answered(more: object[] = []): Promise<Room> {
  const room = await aRoom();
  await room.documents.upsert([DOCUMENT, ...more] as (typeof DOCUMENT)[], undefined, 'north');
  expect((await room.queries.ask(QUESTION, asker)).source).toBe('vectordb');
  expect((await room.queries.ask(QUESTION, asker)).source).toBe('cache');
  return room;
}

const sourceNow = async (room: Room) => (await room.queries.ask(QUESTION, asker)).source;

describe('an answer is no longer served', () => {
  it('once consent to one of its documents is withdrawn', async () => {
    const room = await answered();
    await room.documents.upsert([{ ...DOCUMENT, consent: false }], undefined, 'north');
    expect(await sourceNow(room)).toBe('none');
    expect(room.queries.recall(QUESTION, asker)?.hit ?? false).toBe(false);
  });

  it('once one of its documents is kept for another purpose', async () => {
    const room = await answered();
    await room.documents.upsert([{ ...DOCUMENT, purposes: ['payroll'] }], undefined, 'north');
    expect(await sourceNow(room)).toBe('none');
    expect((await room.queries.ask({ ...QUESTION, purpose: 'payroll' }, asker)).source).toBe('vectordb');
  });

  it.each([
    ['id', { ids: ['d'] }],
    ['subject', { subject: 'ann' }],
    ['filter', { filter: { op: 'eq', field: 'team', value: 'x' } as const }],
    ['age', { ingestedBefore: Date.now() + 3_600_000 }],
  ])('once one of its documents is deleted by %s', async (_, selector) => {
    const room = await aRoom();
    await room.documents.upsert([{ ...DOCUMENT, metadata: { team: 'x' } }], undefined, 'north');
    await room.queries.ask(QUESTION, asker);
    expect(await room.documents.delete(selector, undefined, 'north')).toBe(1);
    expect(await sourceNow(room)).toBe('none');
  });

  it('once its collection is dropped, and the answers of other collections stay', async () => {
    const room = await answered();
    await room.documents.upsert([{ id: 'o', text: 'Tea is green.' }], 'other', 'north');
    const other = { query: 'Is tea green?', vector: { collection: 'other' } };
    await room.queries.ask(other, asker);
    await room.documents.dropCollection('default', 'north');
    expect(await sourceNow(room)).toBe('none');
    expect((await room.queries.ask(other, asker)).source).toBe('cache');
  });

  it('whichever of its many documents is withdrawn, and however many at once', async () => {
    const many = Array.from({ length: 70 }, (_, at) => ({ id: `m${at}`, text: `Ann earns ${at}.` }));
    const room = await aRoom();
    await room.documents.upsert(many, undefined, 'north');
    const wide = { ...QUESTION, vector: { k: 70 } };
    const source = async () => (await room.queries.ask(wide, asker)).source;
    expect([await source(), await source()]).toEqual(['vectordb', 'cache']);
    await room.documents.delete({ ids: ['m69'] }, undefined, 'north');
    expect([await source(), await source()]).toEqual(['vectordb', 'cache']);
    await room.documents.delete({ ids: many.slice(0, 40).map(({ id }) => id) }, undefined, 'north');
    expect(await source()).toBe('vectordb');
  });
});

it('answers of other documents stay', async () => {
  const room = await answered();
  await room.documents.delete({ ids: ['unrelated'] }, undefined, 'north');
  expect(await sourceNow(room)).toBe('cache');
});

it('a document without consent is never retrieved', async () => {
  const room = await aRoom();
  await room.documents.upsert([{ ...DOCUMENT, consent: false }], undefined, 'north');
  expect(await sourceNow(room)).toBe('none');
  expect((await room.knowledge.search({ text: DOCUMENT.text }, 'north')).matches).toEqual([]);
});

it('an answer for one purpose is not served for another, a written one for all', async () => {
  const room = await aRoom();
  await room.documents.upsert([{ ...DOCUMENT, purposes: ['payroll', 'audit'] }], undefined, 'north');
  const forPurpose = async (purpose?: string) => (await room.queries.ask({ ...QUESTION, purpose }, asker)).source;
  expect(await forPurpose('payroll')).toBe('vectordb');
  expect(await forPurpose('payroll')).toBe('cache');
  expect(await forPurpose('marketing')).toBe('none');
  expect(await forPurpose()).toBe('none');
  expect(room.queries.recall({ ...QUESTION, purpose: 'payroll' }, asker)).toBeUndefined();
  expect((await room.knowledge.search({ text: 'Ann', purpose: 'audit' }, 'north')).matches).toHaveLength(1);
  expect((await room.knowledge.search({ text: 'Ann', purpose: 'marketing' }, 'north')).matches).toEqual([]);
  await room.answers.write({ ...QUESTION, response: 'enough' }, asker);
  expect(await forPurpose('marketing')).toBe('cache');
});

it('an answer that was being made of a document while it was withdrawn is not kept', async () => {
  const room = await aRoom();
  await room.documents.upsert([DOCUMENT], undefined, 'north');
  const embedded = Promise.withResolvers<void>();
  const stop = listen('provider.call', ({ family }) => {
    if (family === 'embedding-model')
      void room.documents.delete({ ids: ['d'] }, undefined, 'north').then(() => embedded.resolve());
  });
  await room.queries.ask(QUESTION, asker);
  stop();
  await embedded.promise;
  expect(await sourceNow(room)).toBe('none');
});
