import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, after, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { createNamespace, run } from '@dockercoins/testing/cluster'

import { describeChart } from '../../deploy/manifests.ts'

const deploy = fileURLToPath(new URL('../../deploy', import.meta.url))
const unaligned = (markdown: string) => markdown.replaceAll(/-{3,}/g, '---').replaceAll(/\s+/g, ' ')

const allOn = {
  image: { pullPolicy: 'Always', pullSecrets: ['registry'] },
  env: { LOG_FORMAT: 'text' },
  rng: { env: { MAX_BYTES: 33_554_432 }, autoscaling: { enabled: true, cpuPercent: 50 } },
  hasher: { autoscaling: { enabled: true } },
  worker: { tag: `v0.2@sha256:${'0'.repeat(64)}`, autoscaling: { enabled: true } },
  webui: {
    env: { LABEL: 'blue' },
    service: { type: 'NodePort', annotations: { note: 'one' } },
    autoscaling: { enabled: true },
  },
  ledger: { keyPrefix: '{blue}:' },
  redis: { storage: { className: 'fast' } },
  networkPolicy: {
    allowFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    allowTo: [{ podSelector: { matchLabels: { app: 'jaeger' } } }],
  },
  ingress: {
    enabled: true,
    className: 'nginx',
    host: 'coins.example.org',
    tlsSecret: 'coins',
    annotations: { note: 'two' },
  },
  httpRoute: {
    enabled: true,
    parentRefs: [{ name: 'public', namespace: 'gateways' }],
    hostnames: ['coins.example.org'],
  },
  podMonitor: { enabled: true, labels: { release: 'prometheus' } },
  monitoring: { enabled: true, labels: { release: 'prometheus' } },
  scrapeAnnotations: true,
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'spot', operator: 'Exists' }],
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  priorityClassName: 'system-cluster-critical',
  podAnnotations: { note: 'three' },
  podLabels: { team: 'coins' },
}
const renderings: Record<string, object> = {
  defaults: {},
  'all on': allOn,
  KEDA: { keda: { enabled: true }, rng: { autoscaling: { enabled: true, cpuPercent: 50 } } },
  'an external Redis, with a Secret': { ledger: { existingSecret: 'ledger', existingSecretKey: 'url' } },
  'a canary': { worker: { canary: { replicas: 1, tag: 'v0.3' } }, podLabels: { track: 'stable' } },
  'the least': {
    ledger: { url: 'redis://redis.example.org:6379' },
    networkPolicy: { enabled: false },
    podDisruptionBudget: { enabled: false },
    topologySpread: false,
  },
}

const { KUBERNETES_SCHEMAS } = process.env
const schemas = KUBERNETES_SCHEMAS
  ? ['-schema-location', `${KUBERNETES_SCHEMAS}/{{.ResourceKind}}{{.KindSuffix}}.json`]
  : []

let folder: string
before(async () => (folder = await mkdtemp(join(tmpdir(), 'dockercoins-chart-'))))
after(() => rm(folder, { recursive: true }))

/** A file of values. */
async function valuesFile(name: string, values: object): Promise<string> {
  const path = join(folder, `${name.replaceAll(/\W/g, '-')}.json`)
  await writeFile(path, JSON.stringify(values))
  return path
}

/** A file of what the chart renders, without the kinds that this cluster does not know. */
async function render(t: TestContext, name: string): Promise<string> {
  const kinds = await run('kubectl', 'api-resources', '--output', 'name')
  const values = structuredClone(renderings[name]!) as Partial<Record<string, { enabled?: boolean }>>
  for (const [value, kind] of [
    ['httpRoute', 'httproutes.'],
    ['podMonitor', 'podmonitors.'],
    ['monitoring', 'prometheusrules.'],
    ['keda', 'scaledobjects.'],
  ] as const) {
    if (kinds.includes(kind) || !values[value]) continue
    values[value].enabled = false
    t.diagnostic(`this cluster knows no ${kind}`)
  }
  const path = join(folder, `${name.replaceAll(/\W/g, '-')}.yaml`)
  const file = await valuesFile(name, values)
  await writeFile(path, await run('helm', 'template', 'dockercoins', 'deploy/chart', '--values', file))
  return path
}

test('the manifests and the README are what npm run manifests makes of the chart', async () => {
  for (const [path, text] of await describeChart())
    assert.equal(unaligned(await readFile(join(deploy, path), 'utf8')), unaligned(text), path)
  const files = [...(await describeChart()).keys()].filter((path) => path.startsWith('kubernetes/'))
  const kustomization = await readFile(join(deploy, 'kubernetes/Kustomization'), 'utf8')
  const listed = [...kustomization.matchAll(/^ {2}- (.*)$/gm)].map(([, name]) => `kubernetes/${name}`)
  assert.deepEqual(listed.toSorted(), files.toSorted())
})

for (const name of Object.keys(renderings)) {
  test(`with ${name}, helm lint, kubeconform and the API server accept the chart`, async (t) => {
    const path = await render(t, name)
    await run('helm', 'lint', '--strict', 'deploy/chart', '--values', await valuesFile(name, renderings[name]!))
    await run('kubeconform', '-strict', ...schemas, path)
    const namespace = await createNamespace(t)
    const apply = ['--namespace', namespace.name, 'apply', '--dry-run=server', '--validate=strict', '--filename', path]
    // A pod that is not "restricted" would be a warning.
    const { stderr } = await promisify(execFile)('kubectl', apply)
    assert.equal(stderr, '')
  })
}

test('the overlays of staging and production are valid, and give production more replicas', async () => {
  for (const name of ['staging', 'production']) {
    const path = join(folder, `${name}.yaml`)
    const text = await run('kubectl', 'kustomize', `deploy/gitops/${name}`)
    await writeFile(path, text)
    await run('kubeconform', '-strict', ...schemas, path)
    assert.equal(text.match(/image: registry\.example\.org\/dockercoins\/\w+:/g)?.length, 4)
    assert.deepEqual(new Set(text.match(/(?<=namespace: )\S+/g)), new Set([`coins-${name}`]))
    const replicas = Array.from(text.matchAll(/replicas: (\d)/g), ([, count]) => Number(count))
    assert.equal(Math.max(...replicas), name === 'production' ? 5 : 1)
  }
})

for (const [name, kind] of [
  ['flux', 'kustomizations.kustomize.toolkit.fluxcd.io'],
  ['argo-cd', 'applications.argoproj.io'],
]) {
  test(`what ${name} needs to follow the overlays is valid`, async (t) => {
    if (!(await run('kubectl', 'api-resources', '--output', 'name')).includes(kind!)) {
      t.skip(`this cluster knows no ${kind}`)
      return
    }
    const namespace = await createNamespace(t)
    const path = join(folder, `${name}.yaml`)
    const text = await readFile(join(deploy, `gitops/${name}.yaml`), 'utf8')
    await writeFile(path, text.replaceAll(/(?<=metadata: .*namespace: )[\w-]+/g, namespace.name))
    await run('kubectl', 'apply', '--dry-run=server', '--validate=strict', '--filename', path)
    const overlays = Array.from(text.matchAll(/path: (?:\.\/)?(\S+)/g), ([, overlay]) => overlay)
    assert.deepEqual(overlays, ['deploy/gitops/staging', 'deploy/gitops/production'])
  })
}

test('a wrong value is refused in one line that names it', async () => {
  const wrong: Record<string, RegExp> = {
    'replicas=3': /^- at '': additional properties 'replicas' not allowed$/,
    'rng.replica=3': /^- at '\/rng': additional properties 'replica' not allowed$/,
    'rng.replicas=-1': /^- at '\/rng\/replicas': minimum: got -1, want 0$/,
    'worker.replicas=ten': /^- at '\/worker\/replicas': got string, want integer$/,
    'worker.resources.request.cpu=1': /^- at '\/worker\/resources': additional properties 'request' not allowed$/,
    'hasher.env.DELAY=5': /^- at '\/hasher\/env': additional properties 'DELAY' not allowed$/,
    'env.PORT=8080': /^- at '\/env': additional properties 'PORT' not allowed$/,
    'image.tag=two words': /^- at '\/image\/tag': 'two words' does not match pattern/,
    'image.pullPolicy=Sometimes':
      /^- at '\/image\/pullPolicy': value must be one of 'IfNotPresent', 'Always', 'Never'$/,
    'ledger.url=http://redis': /^- at '\/ledger\/url': 'http:\/\/redis' does not match pattern/,
    'ledger.url=redis://:secret@redis': /^- at '\/ledger\/url': .* does not match pattern/,
    'redis.storage.size=big': /^- at '\/redis\/storage\/size': 'big' does not match pattern/,
    'webui.service.type=Public': /^- at '\/webui\/service\/type': value must be one of/,
    'keda.prometheusUrl=prometheus': /^- at '\/keda\/prometheusUrl': 'prometheus' does not match pattern/,
    'httpRoute.enabled=true': /^- at '\/httpRoute\/parentRefs': minItems: got 0, want 1$/,
    'podDisruptionBudget.maxUnavailable=0': /^- at '\/podDisruptionBudget\/maxUnavailable': minimum: got 0, want 1$/,
  }
  for (const [value, line] of Object.entries(wrong)) {
    await assert.rejects(
      run('helm', 'template', 'dockercoins', 'deploy/chart', '--set', value),
      ({ stderr }: Error & { stderr: string }) => {
        const [, ...lines] = stderr
          .trim()
          .split('\n')
          .filter((each) => !each.startsWith('dockercoins:'))
        assert.equal(lines.length, 1, stderr)
        assert.match(lines[0]!, line)
        return true
      },
    )
  }
})
