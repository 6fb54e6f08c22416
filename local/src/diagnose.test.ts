import assert from 'node:assert/strict'
import { test } from 'node:test'

import { diagnose, type Machine, type System } from './diagnose.ts'

const laptop: Machine = {
  system: 'Linux',
  node: '24.21.0',
  npm: '10.9.2',
  hasPackages: true,
  takenPorts: [],
  freeMemoryMib: 4096,
  freeDiskMib: 10_240,
  docker: 'Docker version 28.2.2',
  engine: '20.10.24+dfsg1',
  engineMemoryMib: 8192,
  compose: 'v2.40.3-3',
  buildx: 'v0.29.1',
  images: { areBuilt: true, missing: [], canBePulled: true },
  optional: { kubectl: true, helm: true, curl: true, httping: true, ab: true },
}
const withoutDocker: Partial<Machine> = {
  docker: undefined,
  engine: undefined,
  engineMemoryMib: undefined,
  compose: undefined,
  buildx: undefined,
  images: undefined,
}

const BOTH = 'npm start: yes, Docker Compose: yes'
const ONLY_NPM = 'npm start: yes, Docker Compose: no'
const ONLY_COMPOSE = 'npm start: no, Docker Compose: yes'
const NONE = 'npm start: no, Docker Compose: no'

test('a laptop that has everything gets a line for each check, and both ways work', () => {
  const { lines, exitCode } = diagnose(laptop)
  assert.equal(exitCode, 0)
  assert.equal(lines.at(-1), BOTH)
  const checks = lines.slice(0, -1)
  assert.equal(checks.length, 17)
  for (const line of checks) assert.match(line, / ok( |$)/)
})

/** What a laptop lacks, its line, and which ways work. */
const problems: [what: string, lack: Partial<Machine>, line: RegExp, last: string][] = [
  ['Windows without WSL 2', { system: 'Windows' }, /^system +missing +WSL 2$/, ONLY_COMPOSE],
  ['an old Node', { node: '22.20.0' }, /^Node +too old +22\.20\.0, and not 24 or newer$/, ONLY_COMPOSE],
  ['no npm', { npm: undefined }, /^npm +missing +10 or newer$/, ONLY_COMPOSE],
  ['an old npm', { npm: '9.9.4' }, /^npm +too old +9\.9\.4/, ONLY_COMPOSE],
  ['no packages', { hasPackages: false }, /^packages +missing$/, ONLY_COMPOSE],
  ['taken ports', { takenPorts: [8000, 8002] }, /^ports 8000-8002 +taken +8000, 8002$/, NONE],
  ['little memory', { freeMemoryMib: 900 }, /^memory +too little +0\.9 GiB, 1\.0 needed$/, NONE],
  [
    'memory for npm start alone',
    { freeMemoryMib: 1200 },
    /^memory of containers +too little +1\.2 GiB, 1\.5/,
    ONLY_NPM,
  ],
  ['little disk', { freeDiskMib: 1024 }, /^disk +too little +1\.0 GiB, 2\.0 needed$/, NONE],
  ['no Docker', withoutDocker, /^Docker Engine +missing +20\.10 or newer$/, ONLY_NPM],
  ['an old engine', { engine: '19.03.15' }, /^Docker Engine +too old +19\.03\.15/, ONLY_NPM],
  ['no Compose', { compose: undefined }, /^Docker Compose +missing +2\.22 or newer$/, ONLY_NPM],
  ['an old Compose', { compose: '2.21.0' }, /^Docker Compose +too old +2\.21\.0/, ONLY_NPM],
  ['no buildx', { buildx: undefined }, /^Docker buildx +missing$/, ONLY_NPM],
  [
    'no images and no registry',
    { images: { areBuilt: false, missing: ['redis:8'], canBePulled: false } },
    /^images +missing +redis:8$/,
    ONLY_NPM,
  ],
  ['no kubectl', { optional: { kubectl: false } }, /^kubectl +missing +optional$/, BOTH],
  ['no httping', { optional: { httping: false } }, /^httping +missing +optional$/, BOTH],
]

for (const [what, lack, line, last] of problems) {
  test(`a laptop with ${what} gets a line, and after it another of what to do`, () => {
    const { lines, exitCode } = diagnose({ ...laptop, ...lack })
    const index = lines.findIndex((each) => line.test(each))
    assert.ok(index >= 0, lines.join('\n'))
    assert.match(lines[index + 1]!, /^ +→ \S/)
    assert.equal(lines.at(-1), last)
    assert.equal(exitCode, last.startsWith('npm start: yes') ? 0 : 1)
  })
}

test('what a version contains beside its numbers does not matter', () => {
  for (const compose of ['2.22', '2.22.0', 'v2.22.0-desktop.1', '5.0.1', '2.100.0'])
    assert.equal(diagnose({ ...laptop, compose }).lines.at(-1), BOTH, compose)
})

test('images that are not built yet are well if a build finds or pulls what it needs', () => {
  const found = { areBuilt: false, missing: [], canBePulled: true }
  for (const images of [found, { ...found, missing: ['redis:8'] }])
    assert.equal(diagnose({ ...laptop, images }).lines.at(-1), BOTH)
})

/** What starts Docker on each system. */
const starts: [System, RegExp][] = [
  ['Linux', /systemctl start docker/],
  ['WSL 2', /Docker Desktop.*WSL integration/],
  ['macOS', /Start Docker Desktop\.$/],
  ['Windows', /Start Docker Desktop\.$/],
]

for (const [system, start] of starts) {
  test(`an engine that does not run is started as on ${system}`, () => {
    const { lines } = diagnose({ ...laptop, ...withoutDocker, docker: 'Docker version 28.2.2', system })
    const index = lines.findIndex((line) => /^Docker Engine +missing/.test(line))
    assert.match(lines[index + 1]!, start)
  })
}
