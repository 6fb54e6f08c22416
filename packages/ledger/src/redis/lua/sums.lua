-- The counter, and the hashes and coins of all entries added up worker by worker, at one moment.
--
-- KEYS: hashes, entries, batches, coins-before.
-- Input: entry (what precedes a worker's id in the name of its key).
local HASHES, ENTRIES, BATCHES, COINS_BEFORE = unpack(KEYS)

local hashes, coins = sumOfBatches(BATCHES), tonumber(read('GET', COINS_BEFORE) or '0') or 0
for _, worker in ipairs(read('SMEMBERS', ENTRIES)) do
  local _, hashesOfWorker, coinsOfWorker = lastEntry(input.entry .. worker)
  hashes = hashes + hashesOfWorker
  coins = coins + coinsOfWorker
end
return { read('GET', HASHES) or '0', text(hashes), text(coins) }
