import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** A "?" button. It opens a note that closes with Escape or a click elsewhere. */
export function Help({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId()
  return (
    <span class="help">
      <button type="button" popovertarget={id} aria-label={`About: ${title}`}>
        ?
      </button>
      <span id={id} class="note" popover="auto" role="note">
        <strong>{title}</strong>
        <span>{children}</span>
      </span>
    </span>
  )
}
