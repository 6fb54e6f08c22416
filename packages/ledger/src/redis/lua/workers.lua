-- Returns the workers whose reports have not expired. Those that were killed stay on the list until
-- another worker records.
return redis.call('ZRANGE', WORKERS, clock(), '+inf', 'BYSCORE')
