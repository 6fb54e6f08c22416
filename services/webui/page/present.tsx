import { effect } from '@preact/signals'

import { createParameter } from './url-state.ts'

const parameter = createParameter('present')

effect(() => {
  document.documentElement.toggleAttribute('data-present', parameter.value !== undefined)
})

export function isPresenting(): boolean {
  return parameter.value !== undefined
}

export function present(isOn: boolean): void {
  parameter.value = isOn ? '' : undefined
}

/** The key p shows the page large and without controls, for a room; p or Escape ends that. */
export function listenForPresentKeys(): void {
  document.addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
    if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open], :popover-open')) return
    const isTyping =
      target instanceof HTMLElement && target.matches('input:not([type=radio], [type=checkbox]), textarea')
    if (key === 'p' && !isTyping) present(!isPresenting())
    if (key === 'Escape') present(false)
  })
}

/** Where everybody in the room finds this page. */
export function Address() {
  return (
    <section class="address" aria-label="Address of this page">
      <p>{location.host + location.pathname.replace(/(\/|\/index\.html)$/, '')}</p>
      <button type="button" class="tool" onClick={() => present(false)}>
        Leave <kbd>Esc</kbd>
      </button>
    </section>
  )
}
