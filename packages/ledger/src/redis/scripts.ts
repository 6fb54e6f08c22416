import { readFileSync } from 'node:fs'

import { defineScript, type CommandParser } from '@redis/client'

const prelude = read('prelude')

/** The scripts in lua/, as methods of the client. docs/decisions/ledger.md has the proof. */
export const scripts = {
  keepCoins: script('keep-coins'),
  commit: script<number>('commit'),
  putReport: script('report'),
  seal: script('seal'),
  readWorkers: script<string[]>('workers'),
  readTotals: script<string[]>('totals'),
  readSums: script<string[]>('sums'),
}

export type Keys = ReturnType<typeof keysUnder>

/** The names of all keys. `hashes` and `wallet` are the classic's, which can share the store. */
export function keysUnder(prefix: string) {
  const named = (...names: string[]) => names.map((name) => prefix + name)
  const counters = named('hashes', 'wallet', 'recorded', 'unkept', 'since', 'coins-before', 'entries', 'workers')
  // In version 0.1 an entry was called a batch: its workers record in `batches`.
  const batches = named('batches', 'batches-copy')
  return {
    wallet: `${prefix}wallet`,
    since: `${prefix}since`,
    entries: `${prefix}entries`,
    report: (worker: string) => `${prefix}report:${worker}`,
    slot: (slot: number) => `${prefix}measured:${slot}`,
    /** The keys of every script, in the order of lua/prelude.lua. */
    ofScript: (worker = '') => [...counters, ...batches, ...named(`entry:${worker}`, `report:${worker}`)],
  }
}

/** Images have a copy of the folder beside their bundle (images/bundle.ts). */
function read(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}

function script<Reply = unknown>(name: string) {
  return defineScript({ SCRIPT: prelude + read(name), parseCommand, transformReply: (reply: Reply) => reply })
}

/** `input` travels as JSON; `values` are binary or JSON already, so they follow it as they are. */
function parseCommand(parser: CommandParser, keys: string[], input: object = {}, values: (Buffer | string)[] = []) {
  parser.pushKeysLength(keys)
  parser.push(JSON.stringify(input), ...values)
}
