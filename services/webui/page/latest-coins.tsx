import { formatAge } from '../src/format.ts'
import { serverNow, snapshot } from './page-state.ts'

export function LatestCoins() {
  const coins = snapshot.value?.latestCoins
  return (
    <section class="coins" aria-labelledby="coins-title">
      <h2 id="coins-title">Latest coins</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Digest</th>
            <th scope="col">Worker</th>
            <th scope="col">Age</th>
          </tr>
        </thead>
        <tbody>
          {coins?.map(({ digest, worker, at }) => (
            <tr key={digest}>
              <td>
                <code>{digest}</code>
              </td>
              <td>{worker}</td>
              <td>{formatAge(serverNow.value - at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {coins?.length === 0 && <p class="aside">None lately. A coin is a digest that begins with 0: one in sixteen.</p>}
    </section>
  )
}
