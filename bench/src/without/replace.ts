import { registerHooks } from 'node:module'

/** From here on whoever imports a module whose URL ends in `ending` gets `stub` in its place, save for the stub itself. */
export function replace(ending: string, stub: string): void {
  const url = import.meta.resolve(stub)
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      return resolved.url.endsWith(ending) && context.parentURL !== url
        ? { ...resolved, url, format: 'module-typescript' }
        : resolved
    },
  })
}
