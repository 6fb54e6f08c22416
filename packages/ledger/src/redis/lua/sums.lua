-- Returns the counter, and the hashes and coins of all entries, at one moment.
local hashes, coins = sumOfEntries()
return { text(count(HASHES)), text(sumOfBatches() + hashes), text(count(COINS_BEFORE) + coins) }
