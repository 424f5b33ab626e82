import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../shared/log.ts'
import { createInMemoryEvents } from './in-memory.ts'
import type { Events } from './ports.ts'
import { startProbe } from './probe.ts'

const everyMs = 300

/** Probes of three partitions, under a clock that the test moves. */
const stage = (t: TestContext, wrap: (events: Events) => Events = (events) => events) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000 })
  const events = createInMemoryEvents()
  let ids = 0
  const probe = startProbe({
    events: wrap(events),
    rooms: ['a', 'b', 'c'],
    everyMs,
    clock: { now: () => Date.now() },
    newEventId: () => `e${(ids += 1)}`,
    log: silentLog,
  })
  const sent = (): readonly string[] =>
    events.appended.map(({ type, record }) => `${type} ${record.roomId} ${record.eventId} ${record.occurredAt}`)
  /** Moves the clock in steps, between which whatever was begun comes to its end. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      t.mock.timers.tick(50)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { events, probe, sent, pass }
}

test('each partition gets a probe in each interval, one after the other', async (t) => {
  const { probe, sent, pass } = stage(t)
  await pass(100)
  assert.deepEqual(sent(), ['ProbeSent a e1 1100'])
  await pass(everyMs)
  assert.deepEqual(sent(), ['ProbeSent a e1 1100', 'ProbeSent b e2 1200', 'ProbeSent c e3 1300', 'ProbeSent a e4 1400'])
  probe.stop()
  await pass(everyMs)
  assert.equal(sent().length, 4)
})

test('probes that Kafka does not take are lost without harm, and the next ones go', async (t) => {
  const { events, probe, sent, pass } = stage(t)
  events.goAway()
  await pass(2 * everyMs)
  assert.deepEqual(sent(), [])
  events.comeBack()
  await pass(100)
  assert.deepEqual(sent(), ['ProbeSent a e7 1700'])
  probe.stop()
})

test('while Kafka does not answer one probe of a partition is under way, and afterwards there are more', async (t) => {
  const answer = Promise.withResolvers<void>()
  let asked = 0
  const { probe, pass } = stage(t, () => ({
    append: () => {
      asked += 1
      return answer.promise
    },
  }))
  await pass(5 * everyMs)
  assert.equal(asked, 3)
  answer.resolve()
  await pass(everyMs)
  assert.equal(asked, 6)
  probe.stop()
})
