-- Returns the counter, and the hashes and coins of all entries added up worker by worker, at one
-- moment. ENTRY is the key of a worker without an id, so it is what precedes the id of each.
local hashes, coins = sumOfBatches(), count(COINS_BEFORE)
for _, worker in ipairs(read('SMEMBERS', ENTRIES)) do
  local _, hashesOfWorker, coinsOfWorker = lastEntry(ENTRY .. worker)
  hashes = hashes + hashesOfWorker
  coins = coins + coinsOfWorker
end
return { text(count(HASHES)), text(hashes), text(coins) }
