import { theme } from './choice.tsx'
import { Glossary } from './glossary.tsx'
import { Icon } from './icon.tsx'
import { snapshot, status } from './page-state.ts'
import { present } from './present.tsx'

/** LABEL and COLOR of this copy of the application. */
const { label, color } = document.documentElement.dataset
/** Pleasant ones for names that CSS has stark colours for. */
const shades: Record<string, string> = { blue: '#1c5fd4', green: '#1a7f3c', red: '#c22f2f', orange: '#d9730d' }

if (label) document.title = `${label} · DockerCoins`
if (color && CSS.supports('color', color)) paint(shades[color] ?? color)

/** Gives the header and the icon of the tab the colour of this copy. */
function paint(accent: string): void {
  document.documentElement.style.setProperty('--accent', accent)
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  const [type, data] = icon?.href.split('base64,') ?? []
  if (icon && data) icon.href = `${type}base64,${btoa(atob(data).replace('#0d7a6c', accent))}`
}

/** One line: which application and copy this is, how it is, and the tools of the page. */
export function Header() {
  const { kind, title, text } = status.value
  return (
    <header class={`top ${kind}`}>
      <h1>
        <Logo /> DockerCoins{' '}
        {(label || color) && (
          <span class="label" title={label || color}>
            {label || color}
          </span>
        )}
      </h1>
      <p class="state" role="status" title={text}>
        {/* Never empty, so that the line keeps its height. */}
        <strong key={kind}>{title}</strong>
        <span key={title}>{` ${text || '\u00a0'}`}</span>
      </p>
      <nav class="tools" aria-label="Page">
        <Glossary />
        <Links />
        <button
          type="button"
          class="tool present"
          title="Present: large, for a room (key p)"
          onClick={() => present(true)}
        >
          <Icon name="present" /> <span>Present</span>
        </button>
        <ThemeSwitch />
      </nav>
    </header>
  )
}

/** icon.svg in the colour of this copy. */
function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="15" />
      <circle class="edge" cx="16" cy="16" r="11.5" />
      <path d="M8 19h4l2.5-8 3.5 12 2.5-7H24" />
    </svg>
  )
}

function Links() {
  // `npm start` gives rng and hasher the next two ports.
  const isLocal = snapshot.value?.platform === 'local' && location.port !== ''
  return (
    <>
      <button type="button" class="tool" title="Links" popovertarget="links">
        <Icon name="links" /> <span>Links</span>
      </button>
      <ul id="links" class="note" popover="auto">
        <Link to="json">totals as JSON</Link>
        <Link to="history?seconds=60">measured speed as JSON</Link>
        <Link to="metrics">metrics for Prometheus</Link>
        <Link to="version">version</Link>
        {isLocal && <Link to={`${portAfter(1)}32`}>rng: 32 random bytes</Link>}
        {isLocal && <Link to={portAfter(2)}>hasher</Link>}
        <Link to="https://github.com/jpetazzo/dockercoins">the classic DockerCoins</Link>
      </ul>
    </>
  )
}

function portAfter(steps: number): string {
  return `${location.protocol}//${location.hostname}:${Number(location.port) + steps}/`
}

function Link({ to, children }: { to: string; children: string }) {
  return (
    <li>
      <a href={to} target="_blank" rel="noreferrer">
        {children}
      </a>
    </li>
  )
}

const themes = ['system', 'light', 'dark'] as const

/** Goes from theme to theme. */
function ThemeSwitch() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
  const name = `Theme: ${theme.value}`
  return (
    <button
      type="button"
      class="tool"
      aria-label={name}
      title={`${name}. Next: ${next}`}
      onClick={() => (theme.value = next)}
    >
      <Icon name={theme.value} />
    </button>
  )
}
