import { useEffect, useRef, useState } from 'preact/hooks'

/** So long the button shows what it did, milliseconds. */
const FEEDBACK_MS = 2500

/** Shell commands, one a line, with a button that copies them. */
export function CommandBox({ commands, label }: { commands: string[]; label: string }) {
  const code = useRef<HTMLElement>(null)
  const [feedback, setFeedback] = useState('')
  const text = commands.join('\n')

  useEffect(() => {
    if (!feedback) return undefined
    const timer = setTimeout(() => setFeedback(''), FEEDBACK_MS)
    return () => clearTimeout(timer)
  }, [feedback])

  const copy = async () => setFeedback((await copyText(text, code.current)) ? 'Copied' : 'Selected')
  return (
    <div class="command">
      {/* Focusable, because a long command scrolls. */}
      <code ref={code} tabIndex={0} role="group" aria-label={label}>
        {commands.map((command) => (
          <span key={command}>
            {/* Breaks only at spaces, and not between an option and its value. */}
            {command.split(/(?<=(?<! --[a-z]+) )/).map((word, index) => (
              <span key={index}>{word}</span>
            ))}
          </span>
        ))}
      </code>
      <button type="button" onClick={() => void copy()} aria-label={`Copy the command. ${label}`}>
        {feedback || 'Copy'}
      </button>
      <span class="hidden" aria-live="polite">
        {feedback && (feedback === 'Copied' ? 'Copied' : 'The command is selected: press Ctrl+C to copy it')}
      </span>
    </div>
  )
}

/** Whether `text` is in the clipboard. Else it is selected in `element`, ready for Ctrl+C. */
async function copyText(text: string, element: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Browsers offer the clipboard only on HTTPS and on this machine, or after a permission.
    if (element) getSelection()?.selectAllChildren(element)
    return document.execCommand('copy')
  }
}
