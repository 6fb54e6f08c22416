import { hostname } from 'node:os'

import * as v from 'valibot'

import { integer, text } from './settings.ts'

/** What every process reads: where it listens, its name and how it logs. */
export const httpSettings = {
  host: text('HOST', {
    default: '',
    shown: 'all addresses',
    meaning: 'address to listen on: IPv6 and IPv4, or IPv4 alone where there is no IPv6',
    expected: 'an IP address or a host name of this machine',
    schema: v.pipe(v.string(), v.regex(/^[\w.:%-]{1,253}$/)),
  }),
  port: integer('PORT', { default: 80, min: 0, max: 65_535, meaning: 'port to listen on; 0 takes a free one' }),
  hostname: text('HOSTNAME', {
    default: hostname().replace(/[^\w.-]/g, '-') || 'localhost',
    shown: "the machine's name",
    meaning: 'name of this replica, sent in `X-Served-By`',
    expected: 'a host name: 1 to 253 letters, digits, dots, hyphens and underscores',
    schema: v.pipe(v.string(), v.regex(/^[\w.-]{1,253}$/)),
  }),
  maxConnections: integer('MAX_CONNECTIONS', {
    default: 4000,
    min: 2,
    max: 1_000_000,
    meaning:
      'connections at once; half of them may have a request in progress, one more is answered 503 with `Retry-After`',
  }),
  logFormat: text('LOG_FORMAT', {
    default: 'json',
    meaning: '`json`: one object a line; `text`: for people',
    expected: '"json" or "text"',
    schema: v.picklist(['json', 'text']),
  }),
  debug: text('DEBUG', {
    default: false,
    shown: 'no',
    meaning: 'debug logging, on when the value begins with `y`; anything else leaves it off',
    expected: 'any text',
    schema: v.pipe(
      v.string(),
      v.transform((value) => /^y/i.test(value)),
    ),
  }),
}
