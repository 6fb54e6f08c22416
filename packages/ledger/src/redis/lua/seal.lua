-- Runs before the first write of each connection. A crash may have left the head of a transaction
-- in the append-only file. Redis skips the head at the next start and applies it at the start after
-- that. This script is a transaction itself, so it closes the head, and it states again what the
-- head of a script of version 0.1 may have changed.
local function restate(key, value)
  redis.call('SET', key, value or '0')
  if not value then redis.call('DEL', key) end
end

local hashes, unkept = read('GET', HASHES), read('GET', UNKEPT)
local batches = read('HGETALL', BATCHES)
local coinsBefore = read('GET', COINS_BEFORE)
if not coinsBefore then
  -- The ledger may have been emptied since the connection before: then entries brought these coins.
  local _, coins = sumOfEntries()
  coinsBefore = text(math.max(0, read('HLEN', WALLET) + count(UNKEPT) - coins))
end
restate(HASHES, hashes)
restate(UNKEPT, unkept)
redis.call('SET', COINS_BEFORE, coinsBefore)
if #batches == 0 then
  redis.call('HSET', BATCHES, '', '0 0')
  redis.call('DEL', BATCHES)
else
  redis.call('DEL', COPY)
  for i = 1, #batches, 1000 do redis.call('HSET', COPY, unpack(batches, i, math.min(i + 999, #batches))) end
  redis.call('RENAME', COPY, BATCHES)
end
