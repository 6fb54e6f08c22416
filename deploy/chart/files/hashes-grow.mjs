// helm test: waits until the counter of the page has moved.
const count = async () => (await (await fetch('http://webui/json')).json()).hashes

const before = await count()
for (let second = 1; second <= 30; second++) {
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const hashes = (await count()) - before
  if (hashes > 0) {
    console.log(`${hashes} hashes in ${second} s`)
    process.exit()
  }
}
console.log('expected the hashes to grow within 30 s')
process.exit(1)
