-- Returns the workers whose reports have not expired. Those that were killed stay on the list until
-- another worker records.
local seconds, microseconds = unpack(redis.call('TIME'))
return redis.call('ZRANGE', WORKERS, seconds * 1000 + math.floor(microseconds / 1000), '+inf', 'BYSCORE')
