// What must happen at once, as scripts on the server. Each is given the collection as the caller knows it, and refuses another.

import { Script } from './connection.js';
import { CHANGED } from './failures.js';

/** `KEYS`: see `keysOf`. `ARGV[1]`, `ARGV[2]`: the collection's name, and its line in the registry. */
const GUARD = `
local registry, vectors, documents, order, ends = unpack(KEYS)
if redis.call('HGET', registry, ARGV[1]) ~= ARGV[2] then return redis.error_reply('${CHANGED} collection') end
local function forget(id)
  redis.call('VREM', vectors, id)
  redis.call('ZREM', order, id)
  redis.call('ZREM', ends, id)
  return redis.call('HDEL', documents, id)
end
`;

/** `ARGV[3]`: now. `ARGV[4]`: how many of the next are settings of VADD. Then five a point: id, vector, attributes, document, end. */
export const WRITE = new Script(`${GUARD}
local settings = {}
for at = 5, 4 + ARGV[4] do settings[#settings + 1] = ARGV[at] end
for at = 5 + ARGV[4], #ARGV, 5 do
  local id = ARGV[at]
  redis.call('VADD', vectors, 'FP32', ARGV[at + 1], id, 'SETATTR', ARGV[at + 2], unpack(settings))
  redis.call('HSET', documents, id, ARGV[at + 3])
  redis.call('ZADD', order, 0, id)
  if ARGV[at + 4] == '' then redis.call('ZREM', ends, id) else redis.call('ZADD', ends, ARGV[at + 4], id) end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', ARGV[3], 'LIMIT', 0, 1000)) do forget(id) end
return 1`);

/** `ARGV[3]` on: arguments of VSIM behind the key. Gives ids and documents in turn, nearest first. */
export const SEARCH = new Script(`${GUARD}
local found = {}
for _, id in ipairs(redis.call('VSIM', vectors, unpack(ARGV, 3)) or {}) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', documents, id)
end
return found`);

/** `ARGV[3]` on: ids. Gives their documents, or nothing in their place. */
export const READ = new Script(`${GUARD}
local found = {}
for at = 3, #ARGV do found[#found + 1] = redis.call('HGET', documents, ARGV[at]) end
return found`);

/** `ARGV[3]`: where to begin, for ZRANGEBYLEX. `ARGV[4]`: how many. Gives ids and documents in turn. */
export const PAGE = new Script(`${GUARD}
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', order, ARGV[3], '+', 'LIMIT', 0, ARGV[4])) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', documents, id)
end
return found`);

/** `ARGV[3]`: now. Then ids. Gives how many of them were there and had not ended. */
export const REMOVE = new Script(`${GUARD}
local count = 0
for at = 4, #ARGV do
  local ended = redis.call('ZSCORE', ends, ARGV[at])
  if forget(ARGV[at]) == 1 and not (ended and tonumber(ended) <= tonumber(ARGV[3])) then count = count + 1 end
end
return count`);

/** `ARGV[3]`: now. Gives how many there are that have not ended. */
export const COUNT = new Script(`${GUARD}
return redis.call('HLEN', documents) - redis.call('ZCOUNT', ends, '-inf', ARGV[3])`);

/** Makes the collection where there is none; gives its line in the registry. */
export const MAKE = new Script(`
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])`);

/** Gives 1 where there was one. */
export const DROP = new Script(`
redis.call('UNLINK', unpack(KEYS, 2))
return redis.call('HDEL', KEYS[1], ARGV[1])`);
