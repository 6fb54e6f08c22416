import { defineScript, type CommandParser, type RedisArgument } from '@redis/client'

import { KEEP_S } from './spread.ts'

/**
 * Counts a batch once. Redis does not roll a script back, so all that can fail comes before the first write:
 * the keys' types are checked, and INCRBY, which refuses what is not an integer, is the first to write.
 *
 * Every key ends at an absolute value, so that what a script wrote may be applied twice. A Redis killed while it writes
 * its append-only file cuts a transaction, ignores it at the next start, and leaves its head in the file; the start after
 * that applies the head together with the transaction that follows it (valkey-io/valkey#4342; Redis 7.0 and 8.0 do it).
 *
 * For the same reason a coin that finds no room is deleted from the wallet where it never was: the head of a transaction
 * may have brought it in while there was room, and when the batch came again another had taken that. Redis writes an HDEL
 * to its file, with all that it names, only if it deleted something; so one of the coins goes in just before.
 *
 * KEYS: hashes, wallet, batches, workers, report:<worker>, unkept, speed:<minute>…
 * ARGV: worker, sequence, hashes, expires after (ms; 0: last batch), report, number of shares, most coins to keep,
 *       for each share: index of its key, second, millionths; for each coin: digest, bytes.
 */
const RECORD = `
local function expect(key, type)
  local found = redis.call('TYPE', key).ok
  if found == type or found == 'none' then return end
  error({ err = "WRONGTYPE expected key '" .. key .. "' to be a " .. type .. ', found a ' .. found })
end
expect(KEYS[1], 'string')
expect(KEYS[2], 'hash')
expect(KEYS[3], 'hash')
expect(KEYS[4], 'zset')
expect(KEYS[6], 'string')
for i = 7, #KEYS do expect(KEYS[i], 'hash') end
local unkept = redis.call('GET', KEYS[6]) or '0'
if not string.match(unkept, '^%d+$') then
  return { err = "ERR expected a whole number in key '" .. KEYS[6] .. "'" }
end

local worker, sequence, hashes, expires, report = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local sum = 0
local recorded = redis.call('HGET', KEYS[3], worker)
if recorded then
  local last, before = string.match(recorded, '^(%d+) (%d+)$')
  if not last then
    return { err = "ERR expected '<sequence> <hashes>' for worker " .. worker .. " in key '" .. KEYS[3] .. "'" }
  end
  if tonumber(sequence) <= tonumber(last) then return 0 end
  sum = tonumber(before)
end

redis.call('SET', KEYS[1], string.format('%.0f', redis.call('INCRBY', KEYS[1], hashes)))
redis.call('HSET', KEYS[3], worker, string.format('%s %.0f', sequence, sum + tonumber(hashes)))

local coins = 8 + 3 * tonumber(ARGV[6])
for i = 8, coins - 1, 3 do
  local key = KEYS[tonumber(ARGV[i])]
  local millionths = tonumber(redis.call('HGET', key, ARGV[i + 1]) or 0) + tonumber(ARGV[i + 2])
  redis.call('HSET', key, ARGV[i + 1], string.format('%.0f', millionths))
  redis.call('EXPIRE', key, ${KEEP_S})
end

local room = tonumber(ARGV[7]) - redis.call('HLEN', KEYS[2])
local digests, bytes = {}, {}
if (#ARGV - coins + 1) / 2 <= room then
  -- unpack takes a few thousand values at most.
  for i = coins, #ARGV, 1000 do
    redis.call('HSET', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
  end
else
  for i = coins, #ARGV, 2 do
    if room > 0 or redis.call('HEXISTS', KEYS[2], ARGV[i]) == 1 then
      room = room - redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
    else
      digests[#digests + 1] = ARGV[i]
      bytes[#bytes + 1] = ARGV[i + 1]
    end
  end
end
for i = 1, #digests, 1000 do
  redis.call('HSET', KEYS[2], digests[i], bytes[i])
  redis.call('HDEL', KEYS[2], unpack(digests, i, math.min(i + 999, #digests)))
end
if #ARGV >= coins then redis.call('SET', KEYS[6], string.format('%.0f', tonumber(unkept) + #digests)) end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if expires > 0 then
  redis.call('SET', KEYS[5], report, 'PX', expires)
  redis.call('ZADD', KEYS[4], now + expires, worker)
else
  redis.call('DEL', KEYS[5])
  redis.call('ZREM', KEYS[4], worker)
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
return 1
`

/** The counter and the sum of all batches, at one moment. KEYS: hashes, batches. */
const SUMS = `
local sum = 0
for _, recorded in ipairs(redis.call('HVALS', KEYS[2])) do
  sum = sum + tonumber(string.match(recorded, ' (%d+)$') or 0)
end
return { redis.call('GET', KEYS[1]) or '0', string.format('%.0f', sum) }
`

export const scripts = {
  recordBatch: defineScript({
    SCRIPT: RECORD,
    parseCommand: pushKeysAndArguments,
    transformReply: (reply: number) => reply,
  }),
  readSums: defineScript({
    SCRIPT: SUMS,
    parseCommand: pushKeysAndArguments,
    transformReply: (reply: [string, string]) => reply,
  }),
}

function pushKeysAndArguments(parser: CommandParser, keys: string[], values: RedisArgument[] = []): void {
  parser.pushKeysLength(keys)
  for (const value of values) parser.push(value)
}
