// Every statement on the tables of the records.
import { NEVER } from './sqlite-file.js';

export const RECORD = {
  get: 'SELECT value FROM records WHERE key = ?1 AND ends_at > ?2',
  put: 'INSERT INTO records VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = ?2, ends_at = ?3',
  claim:
    'INSERT INTO records VALUES (?1, ?2, ?3)' +
    ' ON CONFLICT DO UPDATE SET value = ?2, ends_at = ?3 WHERE records.ends_at <= ?4',
  replace: 'UPDATE records SET value = ?4, ends_at = ?5 WHERE key = ?1 AND value = ?2 AND ends_at > ?3',
  deleteThis: 'DELETE FROM records WHERE key = ?1 AND value = ?2 AND ends_at > ?3',
  delete: 'DELETE FROM records WHERE key = ?1',
  list: 'SELECT key, value FROM records WHERE key >= ?1 AND key < ?2 AND key > ?3 AND ends_at > ?4 ORDER BY key LIMIT ?5',
} as const;

export const TALLY = {
  alive: 'SELECT 1 FROM tallies WHERE key = ?1 AND ends_at > ?2 LIMIT 1',
  sum: 'SELECT sum FROM tallies WHERE key = ?1 AND field = ?2 AND ends_at > ?3',
  fields: 'SELECT field, sum FROM tallies WHERE key = ?1 AND ends_at > ?2',
  end: 'DELETE FROM tallies WHERE key = ?1 AND ends_at <= ?2',
  // All fields of a tally end with its first.
  add:
    'INSERT INTO tallies VALUES (?1, ?2, ?3, coalesce((SELECT ends_at FROM tallies WHERE key = ?1 LIMIT 1), ?4))' +
    ' ON CONFLICT DO UPDATE SET sum = sum + ?3 RETURNING sum',
  delete: 'DELETE FROM tallies WHERE key = ?1',
} as const;

export const HOLDING = {
  item: 'SELECT bytes FROM holdings WHERE account = ?1 AND item = ?2',
  sum: 'SELECT items, bytes FROM accounts WHERE account = ?1',
  end: 'DELETE FROM holdings WHERE account = ?1 AND ends_at <= ?2',
  hold: 'INSERT INTO holdings VALUES (?1, ?2, ?3, ?4)' + ' ON CONFLICT DO UPDATE SET bytes = ?3, ends_at = ?4',
  release: 'DELETE FROM holdings WHERE account = ?1 AND item = ?2',
  releaseAll: 'DELETE FROM holdings WHERE account = ?1',
} as const;

export const JOURNAL = {
  append:
    'INSERT INTO journals SELECT ?1, ?2 + 1, ?3' +
    ' WHERE coalesce((SELECT max(number) FROM journals WHERE journal = ?1), 0) = ?2',
  lines: 'SELECT number, line FROM journals WHERE journal = ?1 AND number >= ?2 ORDER BY number LIMIT ?3',
  last: 'SELECT number, line FROM journals WHERE journal = ?1 ORDER BY number DESC LIMIT 1',
} as const;

export const MESSAGE = {
  last: "SELECT seq AS number FROM sqlite_sequence WHERE name = 'messages'",
  add: 'INSERT INTO messages (topic, message, sender, sent_at) VALUES (?1, ?2, ?3, ?4)',
  after: 'SELECT number, topic, message, sender FROM messages WHERE number > ?1 ORDER BY number',
  end: 'DELETE FROM messages WHERE number IN (SELECT number FROM messages ORDER BY number LIMIT ?2) AND sent_at <= ?1',
} as const;

/** Of what has ended, `?2` rows at most. Holdings end as their account is asked. */
export const SWEEPS = [
  `DELETE FROM records WHERE key IN (SELECT key FROM records WHERE ends_at <= ?1 AND ends_at < ${NEVER} LIMIT ?2)`,
  'DELETE FROM tallies WHERE (key, field) IN' +
    ` (SELECT key, field FROM tallies WHERE ends_at <= ?1 AND ends_at < ${NEVER} LIMIT ?2)`,
] as const;
