import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/**
 * Runs `program` and resolves once it has printed a line. `ended` resolves to its exit code and
 * what it printed after that.
 */
async function run(t: TestContext, program: string, ...options: string[]) {
  const child = spawn(process.execPath, [...options, '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  child.stdout.setEncoding('utf8')
  await once(child.stdout, 'data')
  let printed = ''
  child.stdout.on('data', (text: string) => (printed += text))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, printed }))
  return { child, ended }
}

const stopsInOrder = `
  import { aborted, stopSignal } from '${path('stop-signal.ts')}'
  const timer = setInterval(() => {}, 1000)
  const stop = stopSignal()
  console.log('started')
  await aborted(stop)
  console.log('stopped in order')
  clearInterval(timer)`

const whileLoading = ['--require', path('stop-while-loading.ts')]

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  test(`${signal} stops a service in order`, async (t) => {
    const { child, ended } = await run(t, stopsInOrder, ...whileLoading)
    child.kill(signal)
    assert.deepEqual(await ended, { code: 0, printed: 'stopped in order\n' })
  })

  test(`${signal} ends a process that is still loading its service`, async (t) => {
    const { child, ended } = await run(t, `console.log('loading'); setInterval(() => {}, 1000)`, ...whileLoading)
    child.kill(signal)
    assert.deepEqual(await ended, { code: 0, printed: '' })
  })
}

test('a second signal ends a service at once', async (t) => {
  const { child, ended } = await run(t, `${stopsInOrder}; setInterval(() => {}, 1000)`)
  child.kill('SIGTERM')
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  assert.equal((await ended).code, 143)
})
