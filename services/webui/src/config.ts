import { existsSync } from 'node:fs'

import { ledgerSettings } from '@dockercoins/ledger'
import { httpSettings, text, type Config } from '@dockercoins/service'
import * as v from 'valibot'

import { detectPlatform, platforms } from './scale-command.ts'

/** Sources of Content Security Policy: 'self', a scheme, or [scheme]host[:port]. */
const SOURCE = /^('self'|https?:|(https?:\/\/)?(\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:(\d{1,5}|\*))?)$/i

export const settings = {
  ...httpSettings,
  ...ledgerSettings,
  platform: text('PLATFORM', {
    default: detectPlatform(process.env, existsSync),
    shown: 'detected',
    meaning:
      'what runs the services, so that advice is in its words: `local` (`npm start`), `compose`, `swarm`, `kubernetes` or `container`',
    expected: '"local", "compose", "swarm", "kubernetes" or "container"',
    schema: v.picklist(platforms),
  }),
  frameAncestors: text('FRAME_ANCESTORS', {
    default: "'none'",
    meaning: 'pages that may show this one in a frame: `*` for any, or origins such as `https://lab.example.org`',
    expected: "'none', or 'self', *, and origins such as https://*.example.org, separated by spaces",
    schema: v.pipe(v.string(), v.maxLength(2000), v.check(isSourceList)),
  }),
  label: text('LABEL', {
    default: '',
    shown: 'none',
    meaning: 'a name for this copy, shown on its page; at most 40 characters',
    expected: 'at most 40 characters',
    schema: v.pipe(v.string(), v.maxLength(40)),
  }),
  color: text('COLOR', {
    default: '',
    shown: 'none',
    meaning: 'a colour for this copy: `blue`, `green`, `purple`, `orange`, or one such as `#1e90ff`',
    expected: '"blue", "green", "purple", "orange", or # and six hexadecimal digits',
    schema: v.pipe(v.string(), v.regex(/^(|blue|green|purple|orange|#[0-9a-f]{6})$/i)),
  }),
}

export type WebuiConfig = Config<typeof settings>

function isSourceList(list: string): boolean {
  return list === "'none'" || list.split(' ').every((source) => SOURCE.test(source))
}
