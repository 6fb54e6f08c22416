import type { ComponentChildren } from 'preact'

export function Help({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <details class="help">
      <summary aria-label={`What is this? ${title}`}>?</summary>
      <p>{children}</p>
    </details>
  )
}
