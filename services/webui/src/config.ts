import { existsSync } from 'node:fs'

import { ledgerSettings } from '@dockercoins/ledger'
import { httpSettings, integer, text, type Config } from '@dockercoins/service'
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
  basePort: integer('BASE_PORT', {
    default: 8000,
    min: 1,
    max: 65_535,
    meaning: 'port that `npm start` was given, for the commands that the page shows; `npm start` sets it',
  }),
  label: text('LABEL', {
    default: '',
    shown: 'none',
    meaning: 'name of this copy of the application, shown on the page, such as `blue` or `staging`',
    expected: 'at most 40 characters',
    schema: v.pipe(v.string(), v.trim(), v.maxLength(40)),
  }),
  color: text('COLOR', {
    default: '',
    shown: 'none',
    meaning: 'colour of this copy: a name of CSS, such as `green`, or `#rrggbb`',
    expected: 'a name of CSS such as green, or #rrggbb',
    // npm sets COLOR to 0 or 1 for its scripts.
    schema: v.pipe(
      v.string(),
      v.transform((value) => value.replace(/^[01]$/, '')),
      v.regex(/^(#[0-9a-f]{6}|[a-z]{3,20})?$/i),
    ),
  }),
  namespace: text('NAMESPACE', {
    default: '',
    shown: 'none',
    meaning:
      'namespace of this copy in Kubernetes, for the commands that the page shows, and its name where there is no `LABEL`; the Helm chart sets it',
    expected: 'a name of a namespace: at most 63 lower-case letters, digits and hyphens',
    schema: v.pipe(v.string(), v.regex(/^[a-z\d-]{0,63}$/)),
  }),
  frameAncestors: text('FRAME_ANCESTORS', {
    default: "'none'",
    meaning: 'pages that may show this one in a frame: `*` for any, or origins such as `https://lab.example.org`',
    expected: "'none', or 'self', *, and origins such as https://*.example.org, separated by spaces",
    schema: v.pipe(v.string(), v.maxLength(2000), v.check(isSourceList)),
  }),
}

export type WebuiConfig = Config<typeof settings>

function isSourceList(list: string): boolean {
  return list === "'none'" || list.split(' ').every((source) => SOURCE.test(source))
}
