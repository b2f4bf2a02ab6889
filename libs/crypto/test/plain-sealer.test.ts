// Without a key nothing is sealed, and nothing sealed is mistaken for plain.
import { expect, test } from 'vitest';
import { PlainSealer, unreadableReason } from '#crypto';
import { aKeyring, aPlace, text } from './crypto-builders.js';

const plain = new PlainSealer();
const reasonOf = (opening: Promise<unknown>) => opening.then(() => 'it opened', unreadableReason);

test('lets bytes pass, and says that it does not seal', async () => {
  const kept = await plain.seal(Buffer.from('hello'));
  expect(text(await plain.open(kept, aPlace()))).toBe('hello');
  expect(plain.sealing).toBe(false);
  expect(aKeyring().sealing).toBe(true);
  await plain.close();
});

test('what it kept is refused as unsealed once a key is configured', async () => {
  expect(await reasonOf(aKeyring().open(await plain.seal(Buffer.from('hello')), aPlace()))).toBe('unsealed');
});

test('what was sealed is told apart once the key is gone', async () => {
  expect(await reasonOf(plain.open(await aKeyring().seal(Buffer.from('hello'), aPlace()), aPlace()))).toBe(
    'unknown_key',
  );
});

test.each(['', 'RP', '{"answer":"planted"}'])('bytes without its mark are malformed: %j', async (planted) => {
  expect(await reasonOf(plain.open(Buffer.from(planted), aPlace()))).toBe('malformed');
});
