import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span as OtelSpan,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_KAFKA_OFFSET,
  ATTR_MESSAGING_BATCH_MESSAGE_COUNT,
  ATTR_MESSAGING_CONSUMER_GROUP_NAME,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_DESTINATION_PARTITION_ID,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM_NAME,
  ATTR_RPC_METHOD,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions/incubating'
import { Fault } from '../fault.ts'
import { isSampled } from './context.ts'
import type { Cause, Span, Tracing } from './tracing.ts'

/**
 * The verbs of tracing as spans, with names, kinds and attributes by OpenTelemetry's conventions for messaging and HTTP
 * (https://opentelemetry.io/docs/specs/semconv/messaging/, /http/, /rpc/); what is our own begins with `roomcast`.
 */
export const createSpans = (tracer: Tracer): Tracing => {
  /** Undefined when the sampler does not want it. */
  const begin = (name: string, options: SpanOptions, parent: SpanContext | undefined): OtelSpan | undefined => {
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
    const span = tracer.startSpan(name, options, context)
    return span.isRecording() ? span : undefined
  }

  return {
    isOn: true,
    serve: ({ method, route, path }, cause) => {
      const attributes: Attributes = {
        [ATTR_HTTP_REQUEST_METHOD]: method,
        [ATTR_URL_SCHEME]: 'http',
        // A path that is none of ours may hold anything.
        ...(route === undefined ? {} : { [ATTR_HTTP_ROUTE]: route, [ATTR_URL_PATH]: path }),
      }
      const name = route === undefined ? method : `${method} ${route}`
      const span = begin(name, { kind: SpanKind.SERVER, attributes }, contextOf(cause))
      if (span === undefined) return undefined
      return {
        traceparent: traceparentOf(span),
        end: (status) => {
          span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
          if (status >= 500) fail(span, String(status))
          span.end()
        },
      }
    },
    send: ({ topic, type, roomId }, cause) => {
      const parent = recordedContextOf(cause)
      if (parent === undefined) return undefined
      const attributes = { ...messaging('send', 'send', topic), [recordType]: type, [room]: roomId }
      return spanOf(begin(`send ${topic}`, { kind: SpanKind.PRODUCER, attributes }, parent))
    },
    process: ({ topic, partition, offset }, { type, roomId, group, weight, connections }, cause, options) => {
      const parent = recordedContextOf(cause)
      if (parent === undefined && (cause !== undefined || options?.isRoot !== true)) return undefined
      const attributes: Attributes = {
        ...messaging('process', 'process', topic),
        [ATTR_MESSAGING_DESTINATION_PARTITION_ID]: String(partition),
        [ATTR_KAFKA_OFFSET]: offset,
        ...(group === undefined ? {} : { [ATTR_MESSAGING_CONSUMER_GROUP_NAME]: group }),
        [recordType]: type,
        [room]: roomId,
        ...(weight === undefined ? {} : { 'roomcast.weight': weight }),
        ...(connections === undefined ? {} : { 'roomcast.connections': connections }),
      }
      const links = parent === undefined ? [] : [{ context: parent }]
      return spanOf(begin(`process ${topic}`, { kind: SpanKind.CONSUMER, attributes, links }, parent))
    },
    commit: ({ topic, partition, inputs, outputs }, causes) => {
      const links = causes.flatMap((cause) => contextOf(cause) ?? []).map((context) => ({ context }))
      const parent = links[0]?.context
      if (parent === undefined) return undefined
      const attributes = {
        ...messaging('settle', 'commit', topic),
        [ATTR_MESSAGING_DESTINATION_PARTITION_ID]: String(partition),
        [ATTR_MESSAGING_BATCH_MESSAGE_COUNT]: inputs,
        'roomcast.outputs': outputs,
      }
      return spanOf(begin(`commit ${topic}`, { kind: SpanKind.CLIENT, attributes, links }, parent))
    },
    call: (method, cause) => {
      const parent = recordedContextOf(cause)
      if (parent === undefined) return undefined
      const attributes = { [ATTR_RPC_METHOD]: method }
      return spanOf(begin(method, { kind: SpanKind.CLIENT, attributes }, parent))
    },
  }
}

const recordType = 'roomcast.record.type'
const room = 'roomcast.room.id'

const messaging = (type: 'send' | 'process' | 'settle', name: string, topic: string): Attributes => ({
  [ATTR_MESSAGING_SYSTEM_NAME]: 'kafka',
  [ATTR_MESSAGING_OPERATION_TYPE]: type,
  [ATTR_MESSAGING_OPERATION_NAME]: name,
  [ATTR_MESSAGING_DESTINATION_NAME]: topic,
})

/** Undefined where nothing is known of a cause. */
const contextOf = (cause: Cause): SpanContext | undefined => {
  if (cause === undefined) return undefined
  const isRemote = typeof cause === 'string'
  const context = parseTraceParent(isRemote ? cause : cause.traceparent)
  return context === null ? undefined : { ...context, isRemote }
}

/** Undefined, too, where the cause is not recorded: then what follows from it is not, either. */
const recordedContextOf = (cause: Cause): SpanContext | undefined =>
  typeof cause === 'string' && !isSampled(cause) ? undefined : contextOf(cause)

const traceparentOf = (span: OtelSpan): string => {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

const spanOf = (span: OtelSpan | undefined): Span | undefined =>
  span && {
    traceparent: traceparentOf(span),
    end: (failure) => {
      if (failure !== undefined) fail(span, codeOf(failure))
      span.end()
    },
  }

/** A word of a bounded set. Texts of errors stay out: they may repeat what somebody sent. */
const codeOf = (failure: unknown): string => {
  if (typeof failure === 'string') return failure
  if (failure instanceof Fault) return failure.code
  return failure instanceof Error ? failure.name : 'unknown'
}

const fail = (span: OtelSpan, code: string): void => {
  span.setAttribute(ATTR_ERROR_TYPE, code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
