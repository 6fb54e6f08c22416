-- The counters at one moment: hashes, hashes of all entries, coins not kept, coins in the wallet.
--
-- KEYS: hashes, recorded, unkept, wallet, batches.
local HASHES, RECORDED, UNKEPT, WALLET, BATCHES = unpack(KEYS)

local recorded = (tonumber(read('GET', RECORDED) or '0') or 0) + sumOfBatches(BATCHES)
return { read('GET', HASHES) or '0', text(recorded), read('GET', UNKEPT) or '0', text(read('HLEN', WALLET)) }
