import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** A "?" that shows one line of help. */
export function Help({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId()
  return (
    <>
      <button type="button" popovertarget={id} aria-label={`Help: ${title}`}>
        ?
      </button>
      <p id={id} popover="auto">
        {children}
      </p>
    </>
  )
}
