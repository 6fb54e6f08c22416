import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

import { run, type Namespace } from '@dockercoins/testing/cluster'

/** The API by which an autoscaler asks for metrics of pods. */
const API = 'custom.metrics.k8s.io/v1beta2'
const METRIC = 'dockercoins_queue_requests'

/**
 * Stands in for Prometheus and its adapter: answers the API of custom metrics with what the pods of
 * rng serve at /metrics. It runs in a pod; X-Served-By is POD@NODE of the pod that served.
 */
const program = `
  const { lookup } = require('node:dns/promises')
  const { readFileSync } = require('node:fs')
  const { createServer } = require('node:https')

  const read = async ({ address }, namespace) => {
    const response = await fetch('http://' + address + '/metrics')
    const value = /^${METRIC} (\\d+)/m.exec(await response.text())[1]
    const describedObject = { kind: 'Pod', apiVersion: '/v1', namespace, name: response.headers.get('x-served-by').split('@')[0] }
    return { describedObject, metric: { name: '${METRIC}' }, timestamp: new Date().toISOString(), value }
  }
  const answer = async (url) => {
    const namespace = /\\/namespaces\\/([^/]+)\\/pods\\//.exec(url)?.[1]
    if (!namespace) {
      const resources = [{ name: 'pods/${METRIC}', singularName: '', namespaced: true, kind: 'MetricValueList', verbs: ['get'] }]
      return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: '${API}', resources }
    }
    const pods = await lookup('rng-pods.' + namespace, { all: true })
    const items = await Promise.all(pods.map((pod) => read(pod, namespace)))
    return { kind: 'MetricValueList', apiVersion: '${API}', metadata: {}, items }
  }
  const options = { key: readFileSync('/tls/tls.key'), cert: readFileSync('/tls/tls.crt') }
  createServer(options, async ({ url }, response) => {
    const body = await answer(url).catch((error) => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: error.message }))
    response.writeHead(body.status ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }).listen(8443)`

/** Serves the waiting requests of each rng of the namespace to autoscalers. */
export async function serveCustomMetrics(t: TestContext, { name: namespace, kubectl }: Namespace): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-metrics-'))
  t.after(() => rm(folder, { recursive: true }))
  const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')]
  const subject = ['-subj', '/CN=metrics', '-newkey', 'rsa:2048', '-nodes', '-days', '1']
  await promisify(execFile)('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate])
  await kubectl('create', 'secret', 'tls', 'metrics', `--key=${key}`, `--cert=${certificate}`)

  const [group = '', version = ''] = API.split('/')
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: namespace }
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'rng-pods' },
      spec: { clusterIP: 'None', selector: { app: 'rng' } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'metrics' },
      spec: { selector: { app: 'metrics' }, ports: [{ port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'metrics', labels: { app: 'metrics' } },
      spec: {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        volumes: [{ name: 'tls', secret: { secretName: 'metrics' } }],
        containers: [
          {
            name: 'metrics',
            image: 'dockercoins/worker:v0.1',
            args: ['--eval', program],
            volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: namespace },
      rules: [{ apiGroups: [group], resources: ['*'], verbs: ['get', 'list'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: namespace },
      roleRef: role,
      subjects: [
        { kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' },
        { apiGroup: role.apiGroup, kind: 'User', name: 'system:kube-controller-manager' },
      ],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: {
        group,
        version,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: 'metrics', namespace },
      },
    },
  ]
  const file = join(folder, 'objects.json')
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  t.after(async () => {
    await run('kubectl', 'delete', 'apiservice', `${version}.${group}`)
    await run('kubectl', 'delete', 'clusterrole,clusterrolebinding', namespace)
  })
  await kubectl('apply', '--filename', file)
  await run('kubectl', 'wait', 'apiservice', `${version}.${group}`, '--for=condition=Available', '--timeout=60s')
}
