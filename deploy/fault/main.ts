import { parseCommand, usage, type Command, type Fault } from './options.ts'
import { findReplicas, type Replica } from './replicas.ts'

// npm run fault: breaks rng or hasher on purpose, for a while.

try {
  const command = parseCommand(process.argv.slice(2))
  if (command === 'help') console.log(usage)
  else await apply(command)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

async function apply({ service, fault, isForOne, where }: Command): Promise<void> {
  const replicas = await findReplicas(service, where)
  const results = await Promise.allSettled(replicas.slice(0, isForOne ? 1 : undefined).map((each) => send(each, fault)))
  for (const result of results) {
    if (result.status === 'fulfilled') console.log(result.value)
    else {
      console.error((result.reason as Error).message)
      process.exitCode = 1
    }
  }
  if (fault && !process.exitCode) for (const line of expectations(service, fault)) console.log(line)
}

/** Resolves to a line that says what was done. */
async function send(replica: Replica, fault: Fault | undefined): Promise<string> {
  const { name, howToAllow } = replica
  const [status, body] = fault ? await replica.send('PUT', fault) : await replica.send('DELETE')
  if (status === 404) throw new Error(`${name} does not allow faults: start it with ${howToAllow}`)
  if (status !== 200) throw new Error(`${name}: expected 200 from /faults, got ${status}: ${body.slice(0, 200)}`)
  return fault ? `${name} has a fault for ${fault.seconds} s` : `${name} has no fault any more`
}

/** What will be seen, a line for each fault. */
function expectations(service: string, fault: Fault): string[] {
  const lines: Record<Exclude<keyof Fault, 'seconds'>, string> = {
    slowerMs: `The time of ${service} under "serving" grows, and what it can serve shrinks. One slow replica slows all, because each gets the same number of requests.`,
    errors:
      'Workers send the failed requests again, to another replica if there is one. They log a loss and a recovery.',
    hang: 'Requests wait for the end of the fault. A replica of which all hang counts as not responding after some seconds.',
    cut: 'Workers refuse what is too short and send the request again, as after an error.',
    cpu: `Requests wait for the processor: the times of ${service} grow.`,
    memoryMb: 'Memory grows. Beyond its limit the container is killed and started again, and the fault is over.',
    unready: 'Kubernetes sends the replica no new connections. Elsewhere nothing changes.',
  }
  const kinds = Object.keys(lines) as (keyof typeof lines)[]
  return [
    ...kinds.filter((kind) => fault[kind] !== undefined).map((kind) => lines[kind]),
    'No hash is lost or counted twice: npm run audit.',
  ]
}
