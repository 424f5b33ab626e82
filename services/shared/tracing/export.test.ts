import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { remote } from '../../../test/support/collected-spans.ts'
import { until } from '../../../test/support/until.ts'
import { silentLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import type { TracingSettings } from './config.ts'
import { createDroppedSpans } from './metrics.ts'
import { openTracing } from './sdk.ts'

const settings: TracingSettings = {
  url: 'http://127.0.0.1:1/v1/traces',
  headers: { authorization: 'secret' },
  sampler: 'always_on',
  ratio: 1,
  serviceName: undefined,
  resourceAttributes: { zone: 'a' },
  batch: { maxQueued: 3, maxExported: 1, delayMs: 1, exportTimeoutMs: 1_000 },
}

/** A collector that answers when it is told to; `start` traces through it. */
const rig = (given: Partial<TracingSettings> = {}) => {
  const exported: string[] = []
  const said: string[] = []
  const waiting: (() => void)[] = []
  let isHeld = false
  let result: ExportResult = { code: ExportResultCode.SUCCESS }
  const metrics = createMetrics({ service: 'test' })
  const exporter: SpanExporter = {
    export: (spans, done) => {
      const answer = (): void => {
        const of = ({ attributes }: (typeof spans)[number]['resource']) =>
          `${String(attributes['service.name'])} ${String(attributes['zone'])}`
        exported.push(...spans.map(({ name, resource }) => `${name} ${of(resource)}`))
        done(result)
      }
      if (isHeld) waiting.push(answer)
      else answer()
    },
    shutdown: async () => {},
  }
  const keep = (fields: object, text: string): void => void said.push(`${text} ${JSON.stringify(fields)}`)
  const opened = openTracing({
    settings: { ...settings, ...given },
    service: 'edge',
    dropped: createDroppedSpans(metrics),
    log: { ...silentLog, info: keep, warn: keep },
    exporter,
  })
  return {
    exported,
    said,
    close: opened.close,
    trace: (times: number) => {
      for (let n = 0; n < times; n++) opened.tracing.call('A/B', remote.sampled)?.end()
    },
    hold: () => void (isHeld = true),
    release: () => {
      isHeld = false
      for (const answer of waiting.splice(0)) answer()
    },
    refuse: () => void (result = { code: ExportResultCode.FAILED, error: new Error('rtmp://secret') }),
    accept: () => void (result = { code: ExportResultCode.SUCCESS }),
    dropped: async () => (await metrics.getSingleMetric('roomcast_trace_spans_dropped_total')?.get())?.values ?? [],
  }
}

test('spans go out with the name of their service, the last ones at the end', async () => {
  const one = rig()
  one.trace(2)
  await one.close()
  assert.deepEqual(one.exported, ['A/B roomcast-edge a', 'A/B roomcast-edge a'])
  const other = rig({ serviceName: 'mine', resourceAttributes: { 'service.name': 'not mine', zone: 'b' } })
  other.trace(1)
  await other.close()
  assert.deepEqual(other.exported, ['A/B mine b'])
})

test('what comes while too many wait is lost and counted', async () => {
  const { trace, hold, release, close, dropped, exported } = rig()
  hold()
  // One is on its way, three wait.
  trace(10)
  release()
  await close()
  assert.equal(exported.length, 4)
  assert.deepEqual(
    (await dropped()).map(({ labels, value }) => [labels['reason'], value]),
    [
      ['queue', 6],
      ['export', 0],
    ],
  )
})

test('an outage of the collector is told once, and once that it is over; what is lost is counted', async () => {
  const { trace, refuse, accept, close, said, dropped } = rig({ batch: { ...settings.batch, maxQueued: 100 } })
  refuse()
  trace(5)
  await until('five spans are counted as lost', async () => (await dropped()).some(({ value }) => value === 5))
  accept()
  trace(2)
  await close()
  assert.deepEqual(said, [
    'traces are not taken by their collector: spans are lost until they are {"cause":"Error"}',
    'traces are taken by their collector again {}',
  ])
})

test('a collector that is away holds up neither work nor the end', { timeout: 20_000 }, async () => {
  const said: string[] = []
  const keep = (fields: object, text: string): void => void said.push(`${text} ${JSON.stringify(fields)}`)
  const metrics = createMetrics({ service: 'test' })
  // The real exporter, and a port on which nobody listens.
  const { tracing, close } = openTracing({
    settings,
    service: 'edge',
    dropped: createDroppedSpans(metrics),
    log: { ...silentLog, warn: keep },
  })
  tracing.call('A/B', remote.sampled)?.end()
  await close()
  await until('the outage is told', () => said.length > 0)
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /"cause":"ECONNREFUSED"/)
})
