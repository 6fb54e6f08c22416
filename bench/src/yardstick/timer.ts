import { setTimeout as sleep } from 'node:timers/promises'

// The floor for the classic's timings: three pauses of 100 ms, one after the other, and nothing between them.

let rounds = 0
let beganAt = performance.now()

process.on('message', (question) => {
  if (question === 'meanMs') process.send?.({ question, answer: (performance.now() - beganAt) / rounds })
})

for (;;) {
  if (rounds === 0) beganAt = performance.now()
  for (let pause = 0; pause < 3; pause++) await sleep(100)
  rounds++
}
