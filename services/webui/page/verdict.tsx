import { snapshot } from './page-state.ts'

/** What limits the speed, and what to do about it. */
export function VerdictCard() {
  const { sentence, evidence, command } = snapshot.value?.verdict ?? {}
  return (
    <section class="verdict" aria-label="Verdict">
      <p>{sentence}</p>
      <p class="aside">{evidence}</p>
      {command && <code>{command}</code>}
    </section>
  )
}
