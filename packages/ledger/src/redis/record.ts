import type { Entry } from '../ledger.ts'
import type { Client } from './connection.ts'
import type { Keys } from './scripts.ts'
import { slotsOf } from './speeds.ts'

/** Coins per script: Lua passes a few thousand values at most to one command. */
const CHUNK = 1000
/** One in so many entries of a worker, the first included, removes expired workers from the list. */
const ENTRIES_TO_TIDY = 10

/** Clients whose connection has closed any transaction that a crash left in the append-only file. */
const sealed = new WeakSet<Client>()

/**
 * Records an entry in two round trips: first its coins, then the commit, which counts it. What
 * precedes the commit is harmless without it and is repeated when the entry is sent again.
 */
export async function recordEntry(client: Client, keys: Keys, entry: Entry, maxCoins: number) {
  if (!sealed.has(client)) await client.seal(keys.ofScript())
  sealed.add(client)
  await Promise.all([client.sAdd(keys.entries, entry.worker), ...keepCoins(client, keys, entry, maxCoins)])
  const committed = commit(client, keys, entry)
  // Sent together with the commit. The count does not need it, so errors are ignored: the next
  // entry has another report.
  const reported = Promise.allSettled(putReport(client, keys, entry))
  const [applied] = await Promise.all([committed, reported])
  return applied === 1 ? 'recorded' : 'duplicate'
}

function keepCoins(client: Client, keys: Keys, { worker, sequence, coins }: Entry, maxCoins: number) {
  return Array.from({ length: Math.ceil(coins.length / CHUNK) }, (_, i) => {
    const chunk = coins.slice(i * CHUNK, (i + 1) * CHUNK)
    const digests = chunk.map(({ digest }) => digest)
    const values = chunk.map(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return client.keepCoins(keys.ofScript(worker), { sequence, maxCoins, digests }, values)
  })
}

function commit(client: Client, keys: Keys, { worker, sequence, hashes, coins, from, to }: Entry): Promise<number> {
  const slots = slotsOf({ hashes, from, to })
  return client.commit([...keys.ofScript(worker), ...slots.map(({ slot }) => keys.slot(slot))], {
    sequence,
    hashes,
    digests: coins.map(({ digest }) => digest),
    from: Math.floor(from / 1000),
    slots: slots.map(({ numbers }) => numbers),
  })
}

function putReport(client: Client, keys: Keys, { worker, sequence, report }: Entry) {
  const put = (step: string, value = '') =>
    client.putReport(keys.ofScript(worker), { sequence, expiresAfterMs: report?.expiresAfterMs ?? 0, step }, [value])
  const steps = [put('report', report && JSON.stringify(report)), put('worker', worker)]
  if (sequence % ENTRIES_TO_TIDY === 1) steps.push(put('expired'))
  return steps
}
