export type Keys = ReturnType<typeof keysUnder>

/**
 * The names of all keys. `hashes` and `wallet` are the classic's, so its worker and web UI can
 * share the store.
 */
export function keysUnder(prefix: string) {
  return {
    hashes: `${prefix}hashes`,
    wallet: `${prefix}wallet`,
    recorded: `${prefix}recorded`,
    unkept: `${prefix}unkept`,
    since: `${prefix}since`,
    coinsBefore: `${prefix}coins-before`,
    entries: `${prefix}entries`,
    entry: (worker: string) => `${prefix}entry:${worker}`,
    slot: (slot: number) => `${prefix}measured:${slot}`,
    workers: `${prefix}workers`,
    report: (worker: string) => `${prefix}report:${worker}`,
    // In version 0.1 an entry was called a batch: its workers record here.
    batches: `${prefix}batches`,
    batchesCopy: `${prefix}batches-copy`,
  }
}
