-- Commits an entry with one MSET of absolute values, after every check. Returns 1, or 0 for a
-- duplicate. Neither reads nor writes a key that expires: Redis would add a DEL, and so make the
-- write a transaction.
-- KEYS from 13: the slots of the measured speed. Input: sequence, hashes, digests, from (second),
-- slots (each: first second, then millionths of a hash per second).
local sequence, hashes, coins = lastEntry(ENTRY)
if input.sequence <= sequence then return 0 end

local values = {}
local function set(key, value)
  values[#values + 1] = key
  values[#values + 1] = value
end
local function increase(key, more)
  local value = count(key) + more
  if math.abs(value) >= 2 ^ 53 then error({ err = "ERR key '" .. key .. "' would pass 2^53" }) end
  set(key, text(value))
end

local unkept = 0
for _, digest in ipairs(input.digests) do unkept = unkept + 1 - read('HEXISTS', WALLET, digest) end
increase(HASHES, input.hashes)
increase(RECORDED, input.hashes)
increase(UNKEPT, unkept)
set(ENTRY, text(input.sequence) .. ' ' .. text(hashes + input.hashes) .. ' ' .. text(coins + #input.digests))

local now = tonumber(redis.call('TIME')[1])
if not read('GET', SINCE) then set(SINCE, text(math.min(input.from, now))) end

-- A slot is added to the same ten seconds, or replaces older ones. One more than four hours ahead of
-- this clock is not kept, and is replaced: it would take the place of a past one.
local newest = now + 14400
for i, slot in ipairs(input.slots) do
  local key = KEYS[12 + i]
  local held = {}
  for number in string.gmatch(read('GET', key) or '', '%d+') do held[#held + 1] = tonumber(number) end
  local start, heldStart = slot[1], held[1] or 0
  local isOlder = start < heldStart and heldStart <= newest
  if start <= newest and not isOlder then
    for j = 1, #slot do
      if j > 1 and heldStart == start then slot[j] = slot[j] + (held[j] or 0) end
      slot[j] = text(slot[j])
    end
    set(key, table.concat(slot, ' '))
  end
end
redis.call('MSET', unpack(values))
return 1
