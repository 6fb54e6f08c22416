import assert from 'node:assert/strict'

/** The parts of an OpenAPI 3.1 document that are compared. */
interface OpenApi {
  openapi: string
  paths: Record<string, Record<string, object>>
}

interface Service {
  ready(): PromiseLike<unknown>
  printRoutes(options: { commonPrefix: boolean }): string
}

/** Fails unless `document` has exactly the routes of `service`, a Fastify instance. */
export async function assertDescribesRoutes(document: OpenApi, service: Service): Promise<void> {
  await service.ready()
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.match(document.openapi, /^3\.1\./)
  assert.deepEqual(described.toSorted(), routesOf(service).toSorted())
}

/**
 * Every route as in OpenAPI, such as `GET /{count}`. HEAD is left out: Fastify adds it to each GET.
 */
function routesOf(service: Service): string[] {
  const tree = service.printRoutes({ commonPrefix: false })
  const parents: string[] = []
  return Array.from(
    tree.matchAll(/^([│ ]*)[├└]── (\S*) \(([A-Z, ]+)\)$/gm),
    ([, indent = '', part = '', methods = '']) => {
      const depth = indent.length / 4
      const path = (parents[depth - 1] ?? '') + part
      parents[depth] = path
      const names = methods.split(', ').filter((method) => method !== 'HEAD')
      return names.map((method) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    },
  ).flat()
}
