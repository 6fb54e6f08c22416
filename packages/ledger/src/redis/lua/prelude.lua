-- Opens each script. ARGV[1] is a JSON object. A script makes at most one write command (seal.lua
-- excepted), so Redis does not write it to the append-only file as a transaction, which a crash
-- could cut in two.
local HASHES, WALLET, RECORDED, UNKEPT, SINCE, COINS_BEFORE, ENTRIES, WORKERS, BATCHES, COPY, ENTRY, REPORT =
  unpack(KEYS, 1, 12)
local input = cjson.decode(ARGV[1])

-- Runs a command that reads a key. An error names the key.
local function read(command, key, ...)
  local value = redis.pcall(command, key, ...)
  if type(value) == 'table' and value.err then error({ err = value.err .. " (key '" .. key .. "')" }) end
  return value
end

-- Milliseconds since the epoch, by the server's clock.
local function clock()
  local seconds, microseconds = unpack(redis.call('TIME'))
  return seconds * 1000 + math.floor(microseconds / 1000)
end

local function text(number) return string.format('%.0f', number) end

-- The number in a key, 0 without one.
local function count(key)
  local value = read('GET', key) or '0'
  if not string.match(value, '^%-?%d+$') then
    error({ err = "ERR expected key '" .. key .. "' to be a whole number, found '" .. string.sub(value, 1, 40) .. "'" })
  end
  return tonumber(value)
end

-- A worker's last sequence number, and the hashes and coins of all its entries.
local function lastEntry(key)
  local sequence, hashes, coins = string.match(read('GET', key) or '0 0 0', '^(%d+) (%d+) (%d+)$')
  if not sequence then error({ err = "ERR expected key '" .. key .. "' to be '<sequence> <hashes> <coins>'" }) end
  return tonumber(sequence), tonumber(hashes), tonumber(coins)
end

-- The hashes that workers of version 0.1 recorded: a field '<sequence> <hashes>' for each worker.
local function sumOfBatches()
  local sum = 0
  for _, batch in ipairs(read('HVALS', BATCHES)) do sum = sum + tonumber(string.match(batch, ' (%d+)$') or 0) end
  return sum
end

-- The hashes and coins of all entries, added up worker by worker. ENTRY is the key of a worker
-- without an id here, so it is what precedes the id of each.
local function sumOfEntries()
  local hashes, coins = 0, 0
  for _, worker in ipairs(read('SMEMBERS', ENTRIES)) do
    local _, hashesOfWorker, coinsOfWorker = lastEntry(ENTRY .. worker)
    hashes = hashes + hashesOfWorker
    coins = coins + coinsOfWorker
  end
  return hashes, coins
end
