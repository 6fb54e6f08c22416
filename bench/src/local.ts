// What `npm start` runs, with the options that BENCH_ARGUMENTS holds: a process that is measured is given none.

process.argv.push(...(process.env.BENCH_ARGUMENTS ?? '').split(' '))
await import('../../local/src/main.ts')
