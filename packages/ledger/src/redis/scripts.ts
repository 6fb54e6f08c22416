import { readFileSync } from 'node:fs'

import { defineScript, type CommandParser } from '@redis/client'

const prelude = read('prelude')

/** The scripts in lua/, as methods of the client. docs/decisions/ledger.md has the proof. */
export const scripts = {
  keepCoins: script('keep-coins'),
  commit: script<number>('commit'),
  putReport: script('report'),
  seal: script('seal'),
  readTotals: script<string[]>('totals'),
  readSums: script<string[]>('sums'),
}

/** Images have a copy of the folder beside their bundle (images/bundle.ts). */
function read(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}

function script<Reply = unknown>(name: string) {
  return defineScript({ SCRIPT: prelude + read(name), parseCommand, transformReply: (reply: Reply) => reply })
}

/** `input` travels as JSON; `values` are binary, so they follow it as they are. */
function parseCommand(parser: CommandParser, keys: string[], input: object = {}, values: Buffer[] = []): void {
  parser.pushKeysLength(keys)
  parser.push(JSON.stringify(input), ...values)
}
