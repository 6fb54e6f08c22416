-- Puts an entry's coins into the wallet before the entry is committed, as many as there is room
-- for. A coin that the wallet holds gets its newest bytes. Does nothing for a committed entry.
-- Input: sequence, maxCoins, digests. ARGV[1 + i]: the bytes of digest i.
if input.sequence <= lastEntry(ENTRY) then return end
local room = input.maxCoins - read('HLEN', WALLET)
local kept, known = {}, {}
for i, digest in ipairs(input.digests) do
  local isNew = not known[digest] and read('HEXISTS', WALLET, digest) == 0
  if not isNew or room > 0 then
    if isNew then room = room - 1 end
    known[digest] = true
    kept[#kept + 1] = digest
    kept[#kept + 1] = ARGV[1 + i]
  end
end
if #kept > 0 then redis.call('HSET', WALLET, unpack(kept)) end
