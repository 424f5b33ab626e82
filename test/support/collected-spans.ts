import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { SamplerName } from '../../services/shared/tracing/config.ts'
import { createSampler } from '../../services/shared/tracing/sampler.ts'
import { createSpans } from '../../services/shared/tracing/spans.ts'
import type { Tracing } from '../../services/shared/tracing/tracing.ts'

/** A span that has ended, for assertions. */
export type CollectedSpan = {
  readonly name: string
  readonly kind: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  /** The ids of the spans that it is linked to. */
  readonly links: readonly string[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly hasFailed: boolean
}

/** Traces into memory, with OpenTelemetry's own exporter for that. */
export const collectSpans = (
  sampler: SamplerName = 'parentbased_always_on',
  ratio = 1,
): { readonly tracing: Tracing; readonly ended: () => readonly CollectedSpan[] } => {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    sampler: createSampler({ sampler, ratio }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  return {
    tracing: createSpans(provider.getTracer('test')),
    ended: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        kind: SpanKind[span.kind],
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentId: span.parentSpanContext?.spanId,
        links: span.links.map(({ context }) => context.spanId),
        attributes: span.attributes,
        hasFailed: span.status.code === SpanStatusCode.ERROR,
      })),
  }
}

/** A `traceparent` of somebody else. */
export const remote = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  sampled: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  unsampled: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
} as const
