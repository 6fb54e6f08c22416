import { defineScript, type CommandParser, type RedisArgument } from '@redis/client'

import { AHEAD_S } from './speeds.ts'

// Each script makes at most one write command (SEAL excepted), so Redis's append-only file has no transaction that a crash
// could cut in two. docs/decisions/ledger.md proves that an entry is counted exactly once.

/** Reads a key; an error names the key. Opens each script. */
const READ = `
local function read(command, key, ...)
  local value = redis.pcall(command, key, ...)
  if type(value) == 'table' and value.err then error({ err = value.err .. " (key '" .. key .. "')" }) end
  return value
end
local function entryOf(key)
  local text = read('GET', key) or '0 0 0'
  local sequence, hashes, coins = string.match(text, '^(%d+) (%d+) (%d+)$')
  if not sequence then
    error({ err = "ERR expected key '" .. key .. "' to be '<sequence> <hashes> <coins>'" })
  end
  return tonumber(sequence), tonumber(hashes), tonumber(coins)
end
`

/**
 * Puts coins into the wallet, as many as it has room for, before their entry is committed. A coin that the wallet holds keeps
 * its last bytes. Does nothing for an entry that was committed before.
 *
 * KEYS: wallet, entry:<worker>. ARGV: sequence, most coins to keep; for each coin: digest, bytes.
 */
const KEEP_COINS = `${READ}
if tonumber(ARGV[1]) <= entryOf(KEYS[2]) then return end
local room = tonumber(ARGV[2]) - read('HLEN', KEYS[1])
local kept = {}
local known = {}
for i = 3, #ARGV, 2 do
  local digest = ARGV[i]
  local isNew = not known[digest] and read('HEXISTS', KEYS[1], digest) == 0
  if not isNew or room > 0 then
    if isNew then room = room - 1 end
    known[digest] = true
    kept[#kept + 1] = digest
    kept[#kept + 1] = ARGV[i + 1]
  end
end
if #kept > 0 then redis.call('HSET', KEYS[1], unpack(kept)) end
`

/**
 * Commits an entry: one MSET of absolute values, after every check. Returns 1, or 0 when the entry was committed before.
 * Neither reads nor writes a key that expires: Redis would add a DEL to the write, and so make it a transaction.
 *
 * KEYS: hashes, recorded, unkept, since, wallet, entry:<worker>, then the slots of the measured speed.
 * ARGV: sequence, hashes, second of its beginning; for each slot its text; the digests of the coins.
 */
const COMMIT = `${READ}
local LIMIT = 9007199254740991
local function count(key, more)
  local text = read('GET', key) or '0'
  local value = string.match(text, '^%-?%d+$') and tonumber(text)
  if not value or math.abs(value) > LIMIT then
    error({ err = "ERR expected key '" .. key .. "' to be a whole number below 2^53" })
  end
  if value + more > LIMIT then error({ err = "ERR key '" .. key .. "' would pass 2^53" }) end
  return string.format('%.0f', value + more)
end
local function numbers(text)
  local found = {}
  for number in string.gmatch(text, '%d+') do found[#found + 1] = tonumber(number) end
  return found
end

local sequence, hashes, from = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local last, hashesBefore, coinsBefore = entryOf(KEYS[6])
if sequence <= last then return 0 end
local firstDigest = 4 + #KEYS - 6
local coins, unkept = #ARGV - firstDigest + 1, 0
for i = firstDigest, #ARGV do unkept = unkept + 1 - read('HEXISTS', KEYS[5], ARGV[i]) end

local values = { KEYS[1], count(KEYS[1], hashes), KEYS[2], count(KEYS[2], hashes), KEYS[3], count(KEYS[3], unkept) }
local function set(key, value)
  values[#values + 1] = key
  values[#values + 1] = value
end
set(KEYS[6], string.format('%.0f %.0f %.0f', sequence, hashesBefore + hashes, coinsBefore + coins))
local now = tonumber(redis.call('TIME')[1])
if not read('GET', KEYS[4]) then set(KEYS[4], string.format('%.0f', math.min(from, now))) end

local newest = now + ${AHEAD_S}
for i = 7, #KEYS do
  local slot, held = numbers(ARGV[i - 3]), numbers(read('GET', KEYS[i]) or '')
  local start, heldStart = slot[1], held[1] or 0
  local isOlder = start < heldStart and heldStart <= newest
  if start <= newest and not isOlder then
    for j = 2, #slot do
      if heldStart == start then slot[j] = slot[j] + (held[j] or 0) end
      slot[j] = string.format('%.0f', slot[j])
    end
    slot[1] = string.format('%.0f', start)
    set(KEYS[i], table.concat(slot, ' '))
  end
end
redis.call('MSET', unpack(values))
return 1
`

/** Opens the three scripts below: they only follow the worker's last entry. KEYS[1]: entry:<worker>. ARGV[1]: sequence. */
const IF_LAST = `${READ}
if tonumber(ARGV[1]) ~= entryOf(KEYS[1]) then return end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

/** Keeps or removes a worker's report. KEYS[2]: report:<worker>. ARGV: expires after (ms; 0: last entry), report. */
const PUT_REPORT = `${IF_LAST}
if ARGV[2] == '0' then redis.call('DEL', KEYS[2]) else redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2]) end
`

/** Lists a worker as running, or no longer. KEYS[2]: workers. ARGV: expires after (ms; 0: last entry), worker. */
const PUT_WORKER = `${IF_LAST}
if ARGV[2] == '0' then redis.call('ZREM', KEYS[2], ARGV[3])
else redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[3]) end
`

/** Removes the workers that have expired. KEYS[2]: workers. */
const DROP_WORKERS = `${IF_LAST}
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
`

/**
 * Runs before the first write of each connection. A crash may have left the head of a transaction in the append-only file;
 * Redis skips it at the next start and applies it at the start after that. SEAL is a transaction, so it closes that head,
 * and it states again what the head of a 0.1 ledger's script may have changed.
 *
 * KEYS: hashes, unkept, batches, a copy of it, coins-before, wallet.
 */
const SEAL = `${READ}
local function state(key, value)
  redis.call('SET', key, value or '0')
  if not value then redis.call('DEL', key) end
end
local hashes, unkept = read('GET', KEYS[1]), read('GET', KEYS[2])
local batches = read('HGETALL', KEYS[3])
local coinsBefore = read('GET', KEYS[5])
if not coinsBefore then coinsBefore = string.format('%.0f', read('HLEN', KEYS[6]) + (tonumber(unkept or '0') or 0)) end
state(KEYS[1], hashes)
state(KEYS[2], unkept)
redis.call('SET', KEYS[5], coinsBefore)
if #batches == 0 then
  redis.call('HSET', KEYS[3], '', '0 0')
  redis.call('DEL', KEYS[3])
else
  redis.call('DEL', KEYS[4])
  for i = 1, #batches, 1000 do redis.call('HSET', KEYS[4], unpack(batches, i, math.min(i + 999, #batches))) end
  redis.call('RENAME', KEYS[4], KEYS[3])
end
`

/** Adds up what workers of version 0.1 recorded: one field each, '<sequence> <hashes>'. */
const SUM_OF_BATCHES = `
local function sumOfBatches(key)
  local sum = 0
  for _, text in ipairs(read('HVALS', key)) do sum = sum + tonumber(string.match(text, ' (%d+)$') or 0) end
  return sum
end
`

/** The counters at one moment. KEYS: hashes, recorded, unkept, wallet, batches. */
const TOTALS = `${READ}${SUM_OF_BATCHES}
local recorded = (tonumber(read('GET', KEYS[2]) or '0') or 0) + sumOfBatches(KEYS[5])
return {
  read('GET', KEYS[1]) or '0', string.format('%.0f', recorded), read('GET', KEYS[3]) or '0',
  string.format('%.0f', read('HLEN', KEYS[4]))
}
`

/** The counter, and the sums of all entries, at one moment. KEYS: hashes, entries, batches, coins-before. ARGV: 'entry:'. */
const SUMS = `${READ}${SUM_OF_BATCHES}
local hashes, coins = sumOfBatches(KEYS[3]), tonumber(read('GET', KEYS[4]) or '0') or 0
for _, worker in ipairs(read('SMEMBERS', KEYS[2])) do
  local _, itsHashes, itsCoins = entryOf(ARGV[1] .. worker)
  hashes = hashes + itsHashes
  coins = coins + itsCoins
end
return { read('GET', KEYS[1]) or '0', string.format('%.0f', hashes), string.format('%.0f', coins) }
`

export const scripts = {
  keepCoins: script(KEEP_COINS),
  commit: script<number>(COMMIT),
  putReport: script(PUT_REPORT),
  putWorker: script(PUT_WORKER),
  dropWorkers: script(DROP_WORKERS),
  seal: script(SEAL),
  readTotals: script<string[]>(TOTALS),
  readSums: script<string[]>(SUMS),
}

function script<Reply = unknown>(SCRIPT: string) {
  return defineScript({ SCRIPT, parseCommand: pushKeysAndArguments, transformReply: (reply: Reply) => reply })
}

function pushKeysAndArguments(parser: CommandParser, keys: string[], values: RedisArgument[] = []): void {
  parser.pushKeysLength(keys)
  for (const value of values) parser.push(value)
}
