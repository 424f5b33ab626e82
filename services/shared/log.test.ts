import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, silentLog, type LogLevel } from './log.ts'

const collect = (level: LogLevel = 'info') => {
  const lines: string[] = []
  const log = createLog({ service: 'edge', level, to: { write: (line) => void lines.push(line) } })
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('a line is JSON with the service, a time, the message and the fields', () => {
  const { log, parsed } = collect()
  log.info({ port: 8081 }, 'listens')
  const [line] = parsed()
  assert.deepEqual([line?.['service'], line?.['msg'], line?.['port']], ['edge', 'listens', 8081])
  assert.ok(Date.parse(String(line?.['time'])) > 0)
})

test('what is below the level is not written', () => {
  const { log, lines } = collect('warn')
  log.info({}, 'no')
  log.warn({}, 'yes')
  assert.equal(lines.length, 1)
})

test('secrets are hidden, also two objects deep', () => {
  const { log, lines } = collect('debug')
  log.debug({ rtmpUrl: 'hush', a: { token: 'hush' }, b: { c: { auth_key: 'hush', uid: 'u1' } } }, 'mixed')
  assert.ok(!lines.join().includes('hush'))
  assert.ok(lines.join().includes('u1'))
})

test('an error is written with its stack and its cause', () => {
  const { log, lines } = collect()
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
  assert.match(lines.join(), /outer.*inner/)
})

test('the silent log says nothing', () => {
  assert.doesNotThrow(() => silentLog.error({ token: 'x' }, 'nothing'))
})
