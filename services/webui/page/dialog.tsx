import type { ComponentChildren } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'

import { Icon } from './icon.tsx'

interface DialogProps {
  title: string
  /** The text of the button, and perhaps an icon. */
  label: ComponentChildren
  /** The style of the button. */
  kind: 'tool' | 'link'
  children: ComponentChildren
}

/** A button that opens a dialog. The cross, Escape or a click elsewhere closes it. */
export function Dialog({ title, label, kind, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const open = () => {
    setOpen(true)
    dialog.current?.showModal()
  }
  return (
    <>
      <button type="button" class={kind} title={title} aria-haspopup="dialog" onClick={open}>
        {label}
      </button>
      <dialog ref={dialog} class="dialog" aria-labelledby={id} closedby="any" onClose={() => setOpen(false)}>
        <form method="dialog">
          <h2 id={id}>{title}</h2>
          <button class="tool" aria-label="Close">
            <Icon name="cross" />
          </button>
        </form>
        {isOpen && children}
      </dialog>
    </>
  )
}
