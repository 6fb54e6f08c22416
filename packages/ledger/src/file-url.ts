import { fileURLToPath } from 'node:url'

/**
 * The path in `file:PATH`, or undefined where there is none. PATH is taken literally, relative or
 * absolute, so that a folder's name may hold any character; only what begins with `file://` is a
 * URL as the standard has it, percent-encoded.
 */
export function fileOf(url: string): string | undefined {
  const path = url.startsWith('file://') ? urlPath(url) : url.slice('file:'.length)
  const isFile = path !== undefined && path !== '' && !path.endsWith('/') && !path.includes('\0')
  return isFile ? path : undefined
}

function urlPath(url: string): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}
