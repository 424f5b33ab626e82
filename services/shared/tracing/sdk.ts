import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace'
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions/incubating'
import type { Log } from '../log.ts'
import type { TracingSettings } from './config.ts'
import { createExporting } from './export.ts'
import type { DroppedSpans } from './metrics.ts'
import { createSampler } from './sampler.ts'
import { createSpans } from './spans.ts'
import type { Tracing } from './tracing.ts'

/** One attempt and its repeats. No longer, since a stop waits for the last export. */
const exportMs = 3_000
/** Of text attributes: the longest that are ours, ids of rooms, have 64 characters. */
const maxTextLength = 256
/** As many inputs as a transaction may have. */
const maxLinks = 512

/** Loads OpenTelemetry, and traces with it. `exporter`: instead of OTLP over HTTP. */
export const openTracing = ({
  settings,
  service,
  dropped,
  log,
  exporter = otlpExporter(settings),
}: {
  settings: TracingSettings
  service: string
  dropped: DroppedSpans
  log: Log
  exporter?: SpanExporter
}): { readonly tracing: Tracing; readonly close: () => Promise<void> } => {
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        [ATTR_SERVICE_NAME]: `roomcast-${service}`,
        [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
        ...settings.resourceAttributes,
        ...(settings.serviceName === undefined ? {} : { [ATTR_SERVICE_NAME]: settings.serviceName }),
      }),
    ),
    sampler: createSampler(settings),
    spanLimits: { attributeValueLengthLimit: maxTextLength, linkCountLimit: maxLinks },
    spanProcessors: [createExporting({ exporter, batch: settings.batch, dropped, log })],
  })

  return {
    tracing: createSpans(provider.getTracer('roomcast')),
    close: async () => {
      const closed = provider.shutdown().catch(() => log.debug({}, 'the last traces were not exported'))
      await Promise.race([closed, sleep(exportMs, undefined, { ref: false })])
    },
  }
}

/** Compression and certificates it reads itself, from the variables that OpenTelemetry has for them. */
const otlpExporter = ({ url, headers }: TracingSettings): SpanExporter =>
  new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: exportMs })
