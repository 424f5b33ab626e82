import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { readConfig } from '../config.ts'
import { isFault } from '../fault.ts'
import { tracingConfig, tracingSettings } from './config.ts'

const read = (env: Record<string, string>) => tracingSettings(readConfig(z.object(tracingConfig), env))
const otlp = { OTEL_TRACES_EXPORTER: 'otlp' }

const complaint = (env: Record<string, string>): string => {
  try {
    read(env)
    return 'none'
  } catch (error) {
    assert.ok(isFault(error, 'CONFIG_INVALID'))
    return error.message
  }
}

test('without a word of it nothing is traced', () => {
  assert.equal(read({}), null)
  assert.equal(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }), null)
  assert.equal(read({ ...otlp, OTEL_SDK_DISABLED: 'True' }), null)
})

test('the defaults are those of OpenTelemetry', () => {
  assert.deepEqual(read(otlp), {
    url: 'http://localhost:4318/v1/traces',
    headers: {},
    sampler: 'parentbased_always_on',
    ratio: 1,
    serviceName: undefined,
    resourceAttributes: {},
    batch: { maxQueued: 2_048, maxExported: 512, delayMs: 5_000, exportTimeoutMs: 30_000 },
  })
})

test('an endpoint gets the path of traces, one of traces alone is taken as it is', () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'https://collector.example/otlp/'
  assert.equal(read({ ...otlp, OTEL_EXPORTER_OTLP_ENDPOINT })?.url, 'https://collector.example/otlp/v1/traces')
  const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = 'http://127.0.0.1:9411/spans'
  const both = read({ ...otlp, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT })
  assert.equal(both?.url, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)
})

test('pairs are percent-encoded, and headers for traces go before those for everything', () => {
  const settings = read({
    ...otlp,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc%3D%3D, x-tenant = a=b ,',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=c',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging,zone=a%2Cb',
  })
  assert.deepEqual(settings?.headers, { authorization: 'Bearer abc==', 'x-tenant': 'c' })
  assert.deepEqual(settings?.resourceAttributes, { 'deployment.environment.name': 'staging', zone: 'a,b' })
})

test('a bad value stops the start and is named, and no value is shown', () => {
  const bad = {
    OTEL_TRACES_EXPORTER: 'zipkin',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'ftp://collector',
    OTEL_EXPORTER_OTLP_HEADERS: 'secret',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=%secret',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
    OTEL_RESOURCE_ATTRIBUTES: '=secret',
    OTEL_TRACES_SAMPLER: 'jaeger_remote',
    OTEL_TRACES_SAMPLER_ARG: '1.5',
    OTEL_BSP_MAX_QUEUE_SIZE: '0',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4096',
    OTEL_BSP_SCHEDULE_DELAY: '5 s',
    OTEL_BSP_EXPORT_TIMEOUT: '-1',
  }
  for (const [key, value] of Object.entries(bad)) {
    const said = complaint({ ...otlp, [key]: value })
    assert.match(said, new RegExp(`^bad configuration: ${key}: `), key)
    assert.doesNotMatch(said, /secret/)
  }
  assert.equal(complaint({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), 'none', 'of others, where nothing is exported')
  assert.equal(complaint({ ...otlp, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }), 'none')
})

test('shares are numbers from 0 to 1', () => {
  const ratioOf = (text: string): number | undefined => read({ ...otlp, OTEL_TRACES_SAMPLER_ARG: text })?.ratio
  assert.deepEqual(['0', '0.25', '.5', '1', '1.0'].map(ratioOf), [0, 0.25, 0.5, 1, 1])
})
