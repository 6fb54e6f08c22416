import AUTH from '@redis/client/dist/lib/commands/AUTH.js'
import GET from '@redis/client/dist/lib/commands/GET.js'
import HLEN from '@redis/client/dist/lib/commands/HLEN.js'
import HSCAN from '@redis/client/dist/lib/commands/HSCAN.js'
import INFO from '@redis/client/dist/lib/commands/INFO.js'
import MGET from '@redis/client/dist/lib/commands/MGET.js'
import PING from '@redis/client/dist/lib/commands/PING.js'
import SADD from '@redis/client/dist/lib/commands/SADD.js'
import ZRANGE from '@redis/client/dist/lib/commands/ZRANGE.js'
import type { Command } from '@redis/client/dist/lib/RESP/types.js'

/**
 * The commands of Redis that the ledger uses, in the shape of the client's own list of all 500. The client makes methods of
 * all that are listed when it is first used, which takes 20 MB of memory; bundle.ts lets images have these alone.
 */
export const redisCommands = {
  /** Asked by the client itself, where the URL has a password. */
  AUTH: AUTH.default,
  get: GET.default,
  hLen: HLEN.default,
  hScan: HSCAN.default,
  info: INFO.default,
  mGet: MGET.default,
  ping: PING.default,
  sAdd: SADD.default,
  zRange: ZRANGE.default,
} satisfies Record<string, Command>
