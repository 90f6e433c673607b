// How long answers took.

export const latency = {
  title: 'Latency',
  about: 'Of requests that reached an upstream, without waits for the client; in milliseconds.',
  failed: 'The latency could not be loaded',
  none: 'No request reached an upstream in this time.',
  chart: 'Latency over time',
  names: {
    p50_ms: 'Half within',
    p90_ms: '9 of 10 within',
    p99_ms: '99 of 100 within',
  } as Readonly<Record<string, string>>,
  ms: (figure: string) => `${figure} ms`,
  upstream: (figure: string) => `upstream ${figure} ms`,
}
