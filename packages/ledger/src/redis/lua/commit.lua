-- Commits an entry with one MSET of absolute values, after every check. Returns 1, or 0 for a
-- duplicate. Neither reads nor writes a key that expires: Redis would add a DEL, and so make the
-- write a transaction.
--
-- KEYS: hashes, recorded, unkept, since, wallet, entry:<worker>, then the slots of the measured
-- speed.
-- Input: sequence, hashes, digests, from (second), slots (each: first second, then
-- millionths of a hash per second), aheadS (slots further ahead of the server's clock are not
-- kept).
local HASHES, RECORDED, UNKEPT, SINCE, WALLET, ENTRY = unpack(KEYS, 1, 6)
local LIMIT = 9007199254740991

-- The counter in `key`, increased by `more`.
local function increased(key, more)
  local held = read('GET', key) or '0'
  local value = string.match(held, '^%-?%d+$') and tonumber(held)
  if not value or math.abs(value) > LIMIT then
    error({ err = "ERR expected key '" .. key .. "' to be a whole number below 2^53" })
  end
  if value + more > LIMIT then error({ err = "ERR key '" .. key .. "' would pass 2^53" }) end
  return text(value + more)
end

local function numbersIn(held)
  local numbers = {}
  for number in string.gmatch(held, '%d+') do numbers[#numbers + 1] = tonumber(number) end
  return numbers
end

local sequence, hashes, coins = lastEntry(ENTRY)
if input.sequence <= sequence then return 0 end

local unkept = 0
for _, digest in ipairs(input.digests) do unkept = unkept + 1 - read('HEXISTS', WALLET, digest) end
local values = {
  HASHES, increased(HASHES, input.hashes),
  RECORDED, increased(RECORDED, input.hashes),
  UNKEPT, increased(UNKEPT, unkept),
  ENTRY, text(input.sequence) .. ' ' .. text(hashes + input.hashes) .. ' ' .. text(coins + #input.digests),
}
local function set(key, value)
  values[#values + 1] = key
  values[#values + 1] = value
end

local now = tonumber(redis.call('TIME')[1])
if not read('GET', SINCE) then set(SINCE, text(math.min(input.from, now))) end

-- A slot is added to the same ten seconds, or replaces older ones, or ones so far ahead that they
-- cannot be right.
local newest = now + input.aheadS
for i, slot in ipairs(input.slots) do
  local key = KEYS[6 + i]
  local held = numbersIn(read('GET', key) or '')
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
