-- Returns the counters at one moment: hashes, hashes of all entries, coins kept, coins not kept.
return { text(count(HASHES)), text(count(RECORDED) + sumOfBatches()), text(read('HLEN', WALLET)), text(count(UNKEPT)) }
