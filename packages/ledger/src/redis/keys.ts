export type Keys = ReturnType<typeof keysUnder>

/** The names of all keys. `hashes` and `wallet` are the classic's, which can share the store. */
export function keysUnder(prefix: string) {
  const keys = {
    wallet: `${prefix}wallet`,
    since: `${prefix}since`,
    entries: `${prefix}entries`,
    workers: `${prefix}workers`,
    report: (worker: string) => `${prefix}report:${worker}`,
    slot: (slot: number) => `${prefix}measured:${slot}`,
  }
  const first = ['hashes', 'wallet', 'recorded', 'unkept', 'since', 'coins-before', 'entries', 'workers']
  // In version 0.1 an entry was called a batch: its workers record in `batches`.
  const shared = [...first, 'batches', 'batches-copy'].map((name) => prefix + name)
  return {
    ...keys,
    /** The keys of every script, in the order of lua/prelude.lua. */
    ofScript: (worker = '') => [...shared, `${prefix}entry:${worker}`, keys.report(worker)],
  }
}
