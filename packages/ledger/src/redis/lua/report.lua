-- Does one step for a worker's report, if the entry is the worker's last. Each step is one write
-- command.
--
-- KEYS: entry:<worker>, report:<worker>, workers.
-- Input: step ('report', 'worker' or 'expired'), sequence, worker, report (JSON), expiresAfterMs
-- (0: no report).
local ENTRY, REPORT, WORKERS = unpack(KEYS)

if input.sequence ~= lastEntry(ENTRY) then return end
local seconds, microseconds = unpack(redis.call('TIME'))
local now = tonumber(seconds) * 1000 + math.floor(tonumber(microseconds) / 1000)
local runs = input.expiresAfterMs > 0

if input.step == 'report' then
  if runs then redis.call('SET', REPORT, input.report, 'PX', input.expiresAfterMs) else redis.call('DEL', REPORT) end
elseif input.step == 'worker' then
  if runs then redis.call('ZADD', WORKERS, now + input.expiresAfterMs, input.worker)
  else redis.call('ZREM', WORKERS, input.worker) end
else
  redis.call('ZREMRANGEBYSCORE', WORKERS, '-inf', now)
end
