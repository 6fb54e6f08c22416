/** The systems that the advice distinguishes. */
export type System = 'Linux' | 'WSL 2' | 'macOS' | 'Windows'

/** What a laptop has. A program that is absent is undefined, else it is its version. */
export interface Machine {
  system: System
  node: string
  npm: string | undefined
  /** Whether `npm ci` was run. */
  hasPackages: boolean
  takenPorts: number[]
  freeMemoryMib: number
  freeDiskMib: number
  docker: string | undefined
  /** Docker Engine, which runs only at times. */
  engine: string | undefined
  /** All memory that the engine has; undefined where it does not run. */
  engineMemoryMib: number | undefined
  compose: string | undefined
  buildx: string | undefined
  /** undefined where Docker Engine does not run. */
  images: Images | undefined
  /** Programs that only some exercises need, and whether each is there. */
  optional: Record<string, boolean>
}

export interface Images {
  /** Whether everything is built. */
  areBuilt: boolean
  /** Base images that are not on this machine. */
  missing: string[]
  /** Whether a registry has those. */
  canBePulled: boolean
}

const ways = ['npm start', 'Docker Compose'] as const
type Way = (typeof ways)[number]

interface Check {
  name: string
  state: 'ok' | 'missing' | 'too old' | 'taken' | 'too little'
  found: string
  /** What to do unless it is ok. */
  todo: string
  /** The ways to run DockerCoins that need it. */
  neededBy: readonly Way[]
}

/** The mem_limit of the five services in compose.yaml, together. */
const COMPOSE_MIB = 4 * 256 + 512
/** Ten workers and three rng of `npm start` take 640 MiB. */
const NPM_START_MIB = 1024
const UNKNOWN = 'known while Docker Engine runs'
/** Packages and images, with the layers of their build. */
const DISK_MIB = 2048

const desktop = {
  install: 'Install or update Docker Desktop: https://docs.docker.com/desktop/',
  start: 'Start Docker Desktop.',
  memory: 'Raise it in Docker Desktop: Settings, Resources.',
}
const dockerAdvice: Record<System, typeof desktop> = {
  Linux: {
    install: 'Install or update Docker Engine, Compose and buildx: https://docs.docker.com/engine/install/',
    start: 'sudo systemctl start docker. Your user must be in the group docker.',
    memory: 'Close other programs.',
  },
  'WSL 2': {
    ...desktop,
    start: 'Start Docker Desktop, and switch this distribution on: Settings, Resources, WSL integration.',
    memory: 'Raise memory= in .wslconfig of Windows.',
  },
  macOS: desktop,
  Windows: desktop,
}

/** The lines to print, and the exit code: 0 if `npm start` works. */
export function diagnose(machine: Machine): { lines: string[]; exitCode: 0 | 1 } {
  const checks = [...checkNode(machine), ...checkMachine(machine), ...checkDocker(machine), ...checkOptional(machine)]
  const width = Math.max(...checks.map(({ name }) => name.length))
  const works = (way: Way) => checks.every(({ state, neededBy }) => state === 'ok' || !neededBy.includes(way))
  return {
    lines: [
      ...checks.flatMap(({ name, state, found, todo }) => {
        const line = `${name.padEnd(width)}  ${state.padEnd('too little'.length)}  ${found}`.trimEnd()
        return state === 'ok' ? [line] : [line, `${' '.repeat(width)}  → ${todo}`]
      }),
      ways.map((way) => `${way}: ${works(way) ? 'yes' : 'no'}`).join(', '),
    ],
    exitCode: works('npm start') ? 0 : 1,
  }
}

function checkNode({ system, node, npm, hasPackages }: Machine): Check[] {
  const neededBy = ['npm start'] as const
  return [
    {
      name: 'system',
      state: system === 'Windows' ? 'missing' : 'ok',
      found: system === 'Windows' ? 'WSL 2' : system,
      todo: 'In PowerShell: wsl --install. Then run this in WSL 2.',
      neededBy,
    },
    {
      ...checkVersion('Node', node, '24', neededBy),
      todo: 'Install it from https://nodejs.org. On Linux with glibc and in WSL 2, npm ci brings it.',
    },
    { ...checkVersion('npm', npm, '10', neededBy), todo: 'Install Node anew, npm comes with it: https://nodejs.org' },
    {
      name: 'packages',
      state: hasPackages ? 'ok' : 'missing',
      found: '',
      todo: 'npm ci',
      neededBy,
    },
  ]
}

function checkMachine({ system, takenPorts, freeMemoryMib, freeDiskMib }: Machine): Check[] {
  const [port = ''] = takenPorts
  const holders: Record<System, string> = {
    Linux: `ss -ltnp | grep :${port}`,
    'WSL 2': `ss -ltnp | grep :${port}, or in PowerShell: Get-NetTCPConnection -LocalPort ${port}`,
    macOS: `lsof -nP -iTCP:${port} -sTCP:LISTEN`,
    Windows: `Get-NetTCPConnection -LocalPort ${port}`,
  }
  return [
    {
      name: 'ports 8000-8002',
      state: takenPorts.length === 0 ? 'ok' : 'taken',
      found: takenPorts.join(', '),
      todo: `End what holds it (${holders[system]}), perhaps DockerCoins itself. Or use others: npm start -- --port 8100, or WEBUI_PORT, RNG_PORT and HASHER_PORT of Docker Compose`,
      neededBy: ways,
    },
    {
      ...checkSize('memory', freeMemoryMib, NPM_START_MIB, ['npm start']),
      todo: `Close other programs${system === 'WSL 2' ? ', or raise memory= in .wslconfig of Windows' : ''}.`,
    },
    {
      ...checkSize('disk', freeDiskMib, DISK_MIB, ways),
      todo: 'Remove files that are not needed.',
    },
  ]
}

function checkDocker(machine: Machine): Check[] {
  const { system, docker, engine, freeMemoryMib, engineMemoryMib, compose, buildx } = machine
  const neededBy = ['Docker Compose'] as const
  const advice = dockerAdvice[system]
  // Elsewhere a virtual machine runs the engine, and has memory of its own.
  const containersMib = system === 'Linux' && engine ? freeMemoryMib : engineMemoryMib
  return [
    {
      ...checkVersion('Docker Engine', engine, '20.10', neededBy),
      todo: docker && !engine ? advice.start : advice.install,
    },
    { ...checkVersion('Docker Compose', compose, '2.22', neededBy), todo: advice.install },
    { ...checkVersion('Docker buildx', buildx, '', neededBy), todo: advice.install },
    {
      ...checkSize('memory of containers', containersMib, COMPOSE_MIB, neededBy),
      todo: advice.memory,
    },
    checkImages(machine),
  ]
}

function checkImages({ images }: Machine): Check {
  const check = { name: 'images', state: 'ok' as const, todo: '', neededBy: ['Docker Compose'] as const }
  if (!images) return { ...check, state: 'missing', found: UNKNOWN, todo: 'Start Docker Engine, and run this again.' }
  if (images.areBuilt) return { ...check, found: 'built' }
  if (images.missing.length === 0) return { ...check, found: 'base images are here: docker compose build' }
  const found = images.missing.join(', ')
  if (images.canBePulled) return { ...check, found: `docker compose build pulls ${found}` }
  const todo = 'Before class, where a registry can be reached: docker compose build; docker compose pull redis'
  return { ...check, state: 'missing', found, todo }
}

function checkOptional({ system, optional }: Machine): Check[] {
  return Object.entries(optional).map(([name, isThere]) => ({
    name,
    state: isThere ? ('ok' as const) : ('missing' as const),
    found: isThere ? '' : 'optional',
    todo: optionalTodo(name, system),
    neededBy: [],
  }))
}

function optionalTodo(name: string, system: System): string {
  if (name === 'kubectl') return 'For docs/kubernetes.md: https://kubernetes.io/docs/tasks/tools/'
  if (name === 'helm') return 'For the chart: https://helm.sh/docs/intro/install/'
  const packages: Record<System, string> = {
    Linux: 'apt install httping apache2-utils curl',
    'WSL 2': 'apt install httping apache2-utils curl',
    macOS: 'brew install httping; macOS has ab and curl',
    Windows: 'Windows has curl, as curl.exe',
  }
  return `docker compose run --rm probe ${name} … has it. Or: ${packages[system]}`
}

function checkVersion(name: string, version: string | undefined, least: string, neededBy: readonly Way[]) {
  if (version === undefined) return { name, state: 'missing' as const, found: least && `${least} or newer`, neededBy }
  if (isAtLeast(version, least)) return { name, state: 'ok' as const, found: version, neededBy }
  return { name, state: 'too old' as const, found: `${version}, and not ${least} or newer`, neededBy }
}

/** Whether the numbers of `version`, such as v2.40.3-3, are not below those of `least`. */
function isAtLeast(version: string, least: string): boolean {
  const found = numbersOf(version)
  const [index, wanted] = [...numbersOf(least).entries()].find(([i, number]) => found[i] !== number) ?? []
  return index === undefined || (found[index] ?? 0) > (wanted ?? 0)
}

function numbersOf(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number)
}

function checkSize(name: string, mib: number | undefined, least: number, neededBy: readonly Way[]) {
  if (mib === undefined) return { name, state: 'missing' as const, found: UNKNOWN, neededBy }
  const found = `${formatGib(mib)} GiB, ${formatGib(least)} needed`
  return { name, state: mib >= least ? ('ok' as const) : ('too little' as const), found, neededBy }
}

function formatGib(mib: number): string {
  return (mib / 1024).toFixed(1)
}
