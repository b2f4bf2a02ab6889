// The Lua scripts of the records in Redis: each runs as one step, whoever else is there.

/*
 * Keys of every script that writes a record, beside those of the records: the index (a sorted set of all record keys, in
 * their order) and the ends (the same keys by the time at which they end). Redis ends records by itself and does not
 * tell, so whoever writes takes a few that have ended out of both. Of the two keys of a record, `KEYS` holds the full
 * one and `ARGV` the one in the index.
 */
const NOTE = `
local function note(full, key, ttl)
  redis.call('ZADD', KEYS[1], 0, key)
  if ttl == '' then redis.call('ZREM', KEYS[2], key)
  else
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZADD', KEYS[2], now + ttl, key)
    local start = string.sub(full, 1, #full - #key)
    for _, ended in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - 1000, 'LIMIT', 0, 20)) do
      redis.call('ZREM', KEYS[2], ended)
      if redis.call('EXISTS', start .. ended) == 0 then redis.call('ZREM', KEYS[1], ended) end
    end
  end
end
local function set(full, key, value, ttl)
  if ttl == '' then redis.call('SET', full, value) else redis.call('SET', full, value, 'PX', ttl) end
  note(full, key, ttl)
end
local function drop(full, key)
  redis.call('ZREM', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
  return redis.call('DEL', full)
end
`;

/** KEYS: index, ends, record. ARGV: key, value, TTL or ''. */
export const PUT = `${NOTE}
set(KEYS[3], ARGV[1], ARGV[2], ARGV[3])
return 1`;

/** As PUT. Gives what stood there, or nil where it was put. */
export const CLAIM = `${NOTE}
local there = redis.call('GET', KEYS[3])
if there then return there end
set(KEYS[3], ARGV[1], ARGV[2], ARGV[3])
return false`;

/** As PUT, with ARGV[4]: what must stand there, and ARGV[5]: '1' where it is to be deleted. */
export const REPLACE = `${NOTE}
if redis.call('GET', KEYS[3]) ~= ARGV[4] then return 0 end
if ARGV[5] == '1' then drop(KEYS[3], ARGV[1]) else set(KEYS[3], ARGV[1], ARGV[2], ARGV[3]) end
return 1`;

/** KEYS: index, ends, then record and tally of each key. ARGV: the keys. Gives how many there were. */
export const DELETE = `${NOTE}
local there = 0
for at, key in ipairs(ARGV) do
  local gone = drop(KEYS[2 * at + 1], key) + redis.call('DEL', KEYS[2 * at + 2])
  if gone > 0 then there = there + 1 end
end
return there`;

const ADD_ALL = `
local function add_all(width)
  local sums = {}
  for at, key in ipairs(KEYS) do
    local base = (at - 1) * width
    local begins = redis.call('EXISTS', key) == 0
    sums[at] = redis.call('HINCRBY', key, ARGV[base + 1], ARGV[base + 2])
    if begins and ARGV[base + 3] ~= '' then redis.call('PEXPIRE', key, ARGV[base + 3]) end
  end
  return sums
end
`;

/** KEYS: a tally for each change. ARGV: field, by, TTL or '' for each. Gives the sums. */
export const ADD = `${ADD_ALL}
return add_all(3)`;

/** KEYS as ADD; ARGV: field, by, TTL or '', limit or '' for each. Gives the sums, and first the change that did not fit, or 0. */
export const ADD_WITHIN = `${ADD_ALL}
local before, asked, over = {}, {}, 0
for at, key in ipairs(KEYS) do
  local base = (at - 1) * 4
  local field, by, limit = ARGV[base + 1], tonumber(ARGV[base + 2]), ARGV[base + 4]
  local place = key .. '\\n' .. field
  before[at] = tonumber(redis.call('HGET', key, field) or 0)
  asked[place] = (asked[place] or before[at]) + by
  if over == 0 and limit ~= '' and by > 0 and asked[place] > tonumber(limit) then over = at end
end
if over > 0 then return {over, before} end
return {0, add_all(4)}`;

/** Of what has ended, an account lets go of so many items a call, so that no call holds Redis up. */
const MOST_ENDED = 1000;

/*
 * An account is two keys: the bytes of each item, with those of all under the empty name; and the items by their end.
 */
const ACCOUNT = `
local function release(item)
  local bytes = redis.call('HGET', KEYS[1], item)
  if not bytes then return end
  redis.call('HDEL', KEYS[1], item)
  redis.call('ZREM', KEYS[2], item)
  -- Redis does not read -0.
  if bytes ~= '0' then redis.call('HINCRBY', KEYS[1], '', '-' .. bytes) end
end
local function end_some(now)
  local ended = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ${MOST_ENDED})
  for _, item in ipairs(ended) do release(item) end
  return #ended == ${MOST_ENDED}
end
local function holding()
  return redis.call('ZCARD', KEYS[2]), tonumber(redis.call('HGET', KEYS[1], '') or 0)
end
`;

/** KEYS: bytes, ends. ARGV: now. Gives items and bytes, or nil where more have ended: to be called again. */
export const HOLDING = `${ACCOUNT}
if end_some(ARGV[1]) then return false end
return {holding()}`;

/** As HOLDING, with ARGV: now, item, its bytes, its end, most items or '', most bytes or ''. Gives 1 where held, items, bytes. */
export const HOLD = `${ACCOUNT}
if end_some(ARGV[1]) then return false end
local items, bytes = holding()
local former = redis.call('HGET', KEYS[1], ARGV[2])
local items_after = items + (former and 0 or 1)
local bytes_after = bytes + tonumber(ARGV[3]) - tonumber(former or 0)
if ARGV[5] ~= '' and items_after > tonumber(ARGV[5]) then return {0, items, bytes} end
if ARGV[6] ~= '' and bytes_after > tonumber(ARGV[6]) then return {0, items, bytes} end
release(ARGV[2])
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('HINCRBY', KEYS[1], '', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
return {1, items_after, bytes_after}`;

/** KEYS: bytes, ends. ARGV: the items; none: all. */
export const RELEASE = `${ACCOUNT}
if #ARGV == 0 then return redis.call('DEL', KEYS[1], KEYS[2]) end
for _, item in ipairs(ARGV) do release(item) end
return 1`;

/** KEYS: the journal. ARGV: after, line. */
export const APPEND = `
if redis.call('LLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[2])
return 1`;

/** KEYS: the journal. Gives the number and the text of the last line; nil where there is none. */
export const LAST = `
local number = redis.call('LLEN', KEYS[1])
if number == 0 then return false end
return {number, redis.call('LINDEX', KEYS[1], -1)}`;
