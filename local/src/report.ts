import { redactUrl } from '@dockercoins/service/settings'

import { ask } from './ask.ts'
import { DEFAULT_PORT } from './options.ts'
import type { Output } from './output.ts'
import { urlsOf, type Plan } from './plan.ts'
import { describe, type Supervisor } from './supervise.ts'

/** Processes that take longer to be ready are named, in milliseconds. */
const REPORT_WAITING_AFTER_MS = 5_000
const STATUS_EVERY_MS = 1_000

/** Keeps the dashboard's address, the measured speed and what runs below all lines. */
export function showStatus(supervisor: Supervisor, output: Output): () => void {
  const stopped = new AbortController()
  const show = async () => {
    const plans = supervisor.plans()
    const webui = plans.find(({ service }) => service === 'webui')?.url
    const history = webui && (await ask(`${webui}/history?seconds=10`, stopped.signal))
    if (stopped.signal.aborted) return
    const { speeds } = JSON.parse(history || '{"speeds":[]}') as { speeds: (number | null)[] }
    const speed = speeds.findLast((known) => known !== null)
    const parts = [webui && shown([webui]), speed !== undefined && `${speed.toFixed(1)} hashes/s`, describe(plans)]
    output.status(parts.filter(Boolean).join('  '))
  }
  void show()
  const timer = setInterval(show, STATUS_EVERY_MS)
  return () => {
    clearInterval(timer)
    stopped.abort()
  }
}

/** Prints the addresses when everything is ready; where that takes long, also what is missing. */
export async function reportReady(
  supervisor: Supervisor,
  plan: Plan,
  output: Output,
  startedAt: number,
): Promise<void> {
  let addresses = `\n${describeAddresses(plan)}`
  const patience = setTimeout(() => {
    output.warn(`Not ready yet: ${supervisor.waitingFor().join(', ')}${addresses}`)
    addresses = ''
  }, REPORT_WAITING_AFTER_MS)
  try {
    await supervisor.ready
    output.info(`Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s${addresses}`)
  } catch {
    // It was stopped before, which is reported already.
  } finally {
    clearTimeout(patience)
  }
}

function describeAddresses(plan: Plan): string {
  const { webui, rng, hasher } = urlsOf(plan)
  const rows = [
    ['Dashboard', shown(webui)],
    ['rng', shown(rng)],
    ['hasher', shown(hasher)],
    ['Ledger', redactUrl(plan.ledgerUrl).replace(/^file:/, '')],
    ['To scale', `npm run scale -- ${plan.base === DEFAULT_PORT ? '' : `--port ${plan.base} `}worker=10 rng=3`],
    ['To stop', '^C'],
  ] as const
  return rows.map(([what, value]) => `  ${what.padEnd(10)} ${value}`).join('\n')
}

function shown(urls: string[]): string {
  return urls.map((url) => url.replace('127.0.0.1', 'localhost')).join(' ') || 'none'
}
