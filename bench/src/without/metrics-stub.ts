/** Counts nothing. */
class Metric {
  inc(): void {}
  set(): void {}
  reset(): void {}
}
export { Metric as Counter, Metric as Gauge }

export function createHistogram() {
  return () => {}
}

export class Registry {
  contentType = 'text/plain'
  registerMetric(): void {}
  metrics(): string {
    return ''
  }
}

export function collectDefaultMetrics(): void {}
