// Saves 19 MB of memory per worker and web UI: when it is first used, @redis/client makes methods
// of all 500 Redis commands. images/bundle.ts puts this list in place of the client's own, so
// images have only the commands that the ledger uses.

import AUTH from '@redis/client/dist/lib/commands/AUTH.js'
import HSCAN from '@redis/client/dist/lib/commands/HSCAN.js'
import type allCommands from '@redis/client/dist/lib/commands/index.js'
import INFO from '@redis/client/dist/lib/commands/INFO.js'
import MGET from '@redis/client/dist/lib/commands/MGET.js'
import PING from '@redis/client/dist/lib/commands/PING.js'
import SADD from '@redis/client/dist/lib/commands/SADD.js'
import type { Command } from '@redis/client/dist/lib/RESP/types.js'

export const redisCommands = {
  /** Used by the client itself, where the URL has a password. */
  AUTH: AUTH.default,
  hScan: HSCAN.default,
  info: INFO.default,
  mGet: MGET.default,
  ping: PING.default,
  sAdd: SADD.default,
} satisfies Record<string, Command>

/** A client type without the commands that images lack, so that the compiler refuses them. */
export type WithFewCommands<Client> = Omit<Client, Exclude<keyof typeof allCommands, keyof typeof redisCommands>>
