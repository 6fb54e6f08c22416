-- Does one step for a worker's report, if the entry is the worker's last.
-- Input: step, sequence, expiresAfterMs (0: no report). ARGV[2]: for step report, the report (JSON);
-- for step worker, the worker.
if input.sequence ~= lastEntry(ENTRY) then return end
local now = clock()
local steps = {
  report = { 'SET', REPORT, ARGV[2], 'PX', input.expiresAfterMs },
  worker = { 'ZADD', WORKERS, now + input.expiresAfterMs, ARGV[2] },
  expired = { 'ZREMRANGEBYSCORE', WORKERS, '-inf', now },
}
if input.expiresAfterMs == 0 then
  steps.report = { 'DEL', REPORT }
  steps.worker = { 'ZREM', WORKERS, ARGV[2] }
end
redis.call(unpack(steps[input.step]))
