import { Counter } from 'prom-client'
import type { Metrics } from '../metrics.ts'

/** queue: more came than was exported; export: the collector did not take them. */
export const dropReasons = ['queue', 'export'] as const
export type DropReason = (typeof dropReasons)[number]

export type DroppedSpans = (reason: DropReason, spans: number) => void

/** Spans that nobody will see; both reasons are there with 0 from the start. */
export const createDroppedSpans = (metrics: Metrics): DroppedSpans => {
  const dropped = new Counter({
    name: 'roomcast_trace_spans_dropped_total',
    help: 'Spans of traces that were lost, by reason: queue (too many wait) or export (the collector did not take them).',
    labelNames: ['reason'],
    registers: [metrics],
  })
  for (const reason of dropReasons) dropped.inc({ reason }, 0)
  return (reason, spans) => dropped.inc({ reason }, spans)
}
