import type { Snapshot } from '../src/api.ts'
import { formatAge } from '../src/format.ts'
import { Help } from './help.tsx'
import { serverNow, snapshot } from './page-state.ts'

/** Digits that the line shows of each digest. */
const DIGITS = 12

/** The newest coins in one line, newest first. Each keeps its place, and its text changes. */
export function CoinsTicker() {
  const coins = snapshot.value?.latestCoins
  const [newest] = coins ?? []
  return (
    <section class="coins" aria-labelledby="coins-title">
      <h2 id="coins-title">Latest coins</h2>
      <Help title="Why these are coins">
        A coin is a hash whose first digit is 0. A digit is one of sixteen, all equally likely, so about one hash in
        sixteen is a coin. The line shows the newest coins.
        {newest && (
          <>
            {' '}
            The newest one, found by {newest.worker}: <Digest of={newest.digest} digits={Infinity} />
          </>
        )}
      </Help>
      {coins?.length === 0 ? <p class="aside">No coin has been reported yet.</p> : <Coins coins={coins} />}
    </section>
  )
}

function Coins({ coins = [] }: { coins: Snapshot['latestCoins'] | undefined }) {
  return (
    <ol>
      {coins.map(({ digest, worker, at }, index) => (
        <li key={index}>
          {/* A new coin is a new element, so that the first one lights up. */}
          <span key={digest} class="coin">
            <Digest of={digest} digits={DIGITS} />
          </span>
          <span class="finder" title={worker}>
            {worker}
          </span>
          <span class="age">{formatAge(serverNow.value - at)}</span>
        </li>
      ))}
    </ol>
  )
}

/** The leading 0 is what makes it a coin. */
function Digest({ of: digest, digits }: { of: string; digits: number }) {
  return (
    <code>
      <mark>{digest.slice(0, 1)}</mark>
      {digest.slice(1, digits)}
      {digits < digest.length && '…'}
    </code>
  )
}
