import type { Page } from './page.ts'

/**
 * Headers that every response carries, as the OWASP Secure Headers Project lists them: the page runs its own script and
 * style only, talks to nobody else, and is shown in the frames of `frameAncestors` only (Content Security Policy's source
 * list). Strict-Transport-Security is for whoever ends TLS before us.
 */
export function securityHeaders({ scripts, styles }: Page, frameAncestors: string): Record<string, string> {
  const isFramed = frameAncestors !== "'none'"
  return {
    'content-security-policy': [
      "default-src 'none'",
      `script-src ${scripts.join(' ')}`,
      `style-src ${styles.join(' ')}`,
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      `frame-ancestors ${frameAncestors}`,
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
    // A page that isolates itself from other origins may frame only what allows it.
    'cross-origin-resource-policy': isFramed ? 'cross-origin' : 'same-origin',
    'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    // It knows no list of origins; browsers that know frame-ancestors ignore it.
    ...(!isFramed && { 'x-frame-options': 'deny' }),
    'x-permitted-cross-domain-policies': 'none',
  }
}
