import { Dialog } from './dialog.tsx'
import { Figures } from './headline.tsx'
import { Icon } from './icon.tsx'

const words = [
  ['hash', 'The SHA-256 of 32 random bytes, written as 64 hexadecimal digits. It is what the application makes.'],
  ['coin', 'A hash whose first digit is 0. There are 16 digits, all equally likely: one hash in sixteen is a coin.'],
  [
    'unit of work',
    'One round of a loop: pause, get random bytes from rng, get their hash from hasher. With the default settings each step takes 0.1 s.',
  ],
  ['loop', 'Does one unit of work after the other. A worker runs one loop, or as many as LOOPS sets.'],
  ['batch', 'The hashes of one unit of work: 1, or as many as BATCH sets. They share one request to each service.'],
  [
    'entry',
    'What a worker records in the ledger about once per second: how many hashes it made, and from when to when.',
  ],
  ['ledger', 'The store of all counts and coins: Redis, or a SQLite file.'],
  [
    'measured speed',
    'Hashes per second, from the entries: the hashes of each entry are spread over the seconds in which they were made. It does not depend on when anybody looks.',
  ],
  [
    'capacity',
    'The highest speed that the running processes can reach: what all loops can ask for, or what all replicas of rng or of hasher can serve, whichever is less.',
  ],
] as const

/** The words of this page. */
export function Glossary() {
  return (
    <Dialog
      kind="tool"
      title="Glossary"
      label={
        <>
          <Icon name="book" /> <span>Glossary</span>
        </>
      }
    >
      <Figures rows={words} />
    </Dialog>
  )
}
