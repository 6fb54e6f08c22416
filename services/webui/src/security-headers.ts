import { hash } from 'node:crypto'

/**
 * Headers of every response, from the list of the OWASP Secure Headers Project. The page runs only
 * its own script and style, connects only to its own origin, and may be framed by `frameAncestors`.
 * Strict-Transport-Security is left to the proxy that ends TLS.
 */
export function securityHeaders(html: string, frameAncestors: string): Record<string, string> {
  const isFramed = frameAncestors !== "'none'"
  return {
    'content-security-policy': [
      "default-src 'none'",
      `script-src ${hashSource(html, 'script')}`,
      `style-src ${hashSource(html, 'style')}`,
      'img-src data:',
      "font-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      `frame-ancestors ${frameAncestors}`,
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
    // A page that isolates itself from other origins may frame only pages that allow it.
    'cross-origin-resource-policy': isFramed ? 'cross-origin' : 'same-origin',
    'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    // It has no list of origins; browsers that support frame-ancestors ignore it.
    ...(!isFramed && { 'x-frame-options': 'deny' }),
    'x-permitted-cross-domain-policies': 'none',
  }
}

/** The hash of the inline script or style (hash-source in Content Security Policy). */
function hashSource(html: string, element: 'script' | 'style'): string {
  const [, content = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(html) ?? []
  return `'sha256-${hash('sha256', content, 'base64')}'`
}
