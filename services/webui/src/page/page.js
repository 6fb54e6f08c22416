const show = (id, text) => {
  document.getElementById(id).textContent = text
}

const events = new EventSource('events')
events.addEventListener('snapshot', ({ data }) => {
  const news = JSON.parse(data)
  if (news.ledgerLostSince) {
    show(
      'state',
      `The ledger has been unreachable since ${new Date(news.ledgerLostSince * 1000).toLocaleTimeString()}.`,
    )
    return
  }
  show('state', news.workers.length === 0 ? 'No worker is alive.' : 'Mining.')
  show('speed', news.speed.toFixed(2))
  show('hashes', news.hashes.toLocaleString())
  show('coins', news.coins.toLocaleString())
  show('workers', news.workers.map(({ hostname }) => hostname).join(', ') || 'none')
})
events.addEventListener('error', () => show('state', 'The connection is lost; trying again…'))
