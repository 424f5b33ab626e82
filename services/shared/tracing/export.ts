import { ExportResultCode } from '@opentelemetry/core'
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace'
import type { Log } from '../log.ts'
import type { TracingSettings } from './config.ts'
import type { DroppedSpans } from './metrics.ts'

/** What the exporter says of a failure that may be shown: a code or an HTTP status, never a text of the other side. */
const causeOf = (error: Error | undefined): string =>
  error !== undefined && 'code' in error ? String(error.code) : (error?.name ?? 'unknown')

/**
 * Exports spans in batches. What comes while `maxQueued` wait is lost and counted, and so is a batch that the collector does not
 * take; an outage is logged once, and once more when it is over. Nobody waits for any of it.
 */
export const createExporting = ({
  exporter,
  batch,
  dropped,
  log,
}: {
  exporter: SpanExporter
  batch: TracingSettings['batch']
  dropped: DroppedSpans
  log: Log
}): SpanProcessor => {
  /** What the batches have not taken out yet: the library's own limit is the same and is never reached. */
  let queued = 0
  let isAway = false

  const watched: SpanExporter = {
    export: (spans, done) => {
      queued -= spans.length
      exporter.export(spans, (result) => {
        const isTaken = result.code === ExportResultCode.SUCCESS
        if (!isTaken) dropped('export', spans.length)
        if (!isTaken && !isAway) {
          log.warn(
            { cause: causeOf(result.error) },
            'traces are not taken by their collector: spans are lost until they are',
          )
        }
        if (isTaken && isAway) log.info({}, 'traces are taken by their collector again')
        isAway = !isTaken
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
  const batches = new BatchSpanProcessor({
    exporter: watched,
    maxQueueSize: batch.maxQueued,
    maxExportBatchSize: batch.maxExported,
    scheduledDelayMillis: batch.delayMs,
    exportTimeoutMillis: batch.exportTimeoutMs,
  })
  return {
    onStart: () => {},
    onEnd: (span) => {
      if (queued >= batch.maxQueued) return dropped('queue', 1)
      queued += 1
      batches.onEnd(span)
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  }
}
