// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopProcess } from '../../deploy/local/processes.ts'
import { services } from '../../deploy/local/services.ts'
import { startMonitoring, type Monitoring } from '../../deploy/observability/monitoring.ts'
import { topics } from '../../schemas/topics.ts'
import { query, readAlerts, readRules, skipWithoutMonitoring, type Alert } from '../support/monitoring.ts'
import { sendUnreadable } from '../support/send-unreadable.ts'
import { startTestSystem, type TestSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

/** Pauses of 15 s become 750 ms, a minute becomes 3 s; the expressions are those of production. */
const scale = 0.05
const firesWithinMs = 40_000
const resolvesWithinMs = 60_000
const commentEveryMs = 100

let system: TestSystem
let monitoring: Monitoring

before(async () => {
  if (skipWithoutMonitoring !== false) return
  system = await startTestSystem({ base: process.env })
  const { dataDir, environment } = system
  monitoring = await startMonitoring({ dataDir, environment, ports: { prometheus: 0, alertmanager: 0 }, scale })
})
after(async () => {
  await monitoring?.stop()
  await system?.stop()
})

const isOf = (name: string, service: string) => (alert: Alert) =>
  alert.labels['alertname'] === name && alert.labels['service'] === service

/** Whether an alert can come of a state-machine that is away; a busy machine has alerts of its own, of a slow broker for example. */
const mayFollow = ({ labels }: Alert): boolean =>
  labels['service'] === 'state-machine' || /^ProbeMissing$|Budget/.test(labels['alertname'] ?? '')

/** The alerts that somebody is told of. */
const active = async (): Promise<readonly Alert[]> =>
  (await readAlerts(monitoring)).filter(
    ({ status, labels }) => status.state === 'active' && labels['severity'] !== 'none',
  )

/** Comments in a room, one after the other, until the signal aborts; resolves to how many were accepted. */
const comment = async (roomId: string, signal: AbortSignal): Promise<number> => {
  let accepted = 0
  while (!signal.aborted) {
    const { status } = await system.app.comment({ roomId, uid: 'alert-viewer', name: 'Val', comment: 'still there?' })
    if (status === 200) accepted += 1
    await sleep(commentEveryMs)
  }
  return accepted
}

describe('the alerts of a system that runs', { skip: skipWithoutMonitoring }, () => {
  test('all services are scraped, every rule can be evaluated, and nothing goes on firing while nothing is wrong', async () => {
    await until(
      'all services are scraped',
      async () => (await query(monitoring, 'sum(up)'))[0] === services.length,
      30_000,
    )
    await until(
      'every rule was evaluated',
      async () => (await readRules(monitoring)).every(({ health }) => health !== 'unknown'),
      30_000,
    )
    const rules = await readRules(monitoring)
    assert.ok(rules.length > 30)
    assert.deepEqual(
      rules.filter(({ health }) => health !== 'ok'),
      [],
    )
    // A pause of a minute is 3 s here, and the minutes inside of the expressions are not shorter: slow first requests of a busy machine may fire.
    let firing: readonly string[] = []
    const isQuiet = async (): Promise<boolean> => {
      firing = (await active()).map(({ labels }) => `${labels['alertname']} of ${labels['service']}`)
      return firing.length === 0
    }
    await until('nothing fires', isQuiet, resolvesWithinMs).catch(() => assert.deepEqual(firing, []))
  })

  test('a state-machine that is stopped under load is one page, which ends when it is back', async (t) => {
    const { roomId } = await system.app.createLive({ uid: 'alert-host', name: 'Ada' })
    const viewer = await system.join('alert-viewer', roomId)
    t.after(() => viewer.close())
    const over = new AbortController()
    const load = comment(roomId, over.signal)
    try {
      await stopProcess({ dataDir: system.dataDir, name: 'state-machine', graceMs: 15_000 })
      const isIt = isOf('ServiceDown', 'state-machine')
      await until('the page is there', async () => (await active()).some(isIt), firesWithinMs)

      const fired = await active()
      const page = fired.find(isIt)
      assert.equal(page?.labels['severity'], 'page')
      assert.equal(page.annotations['summary'], 'No instance of state-machine answers')
      const link = page.annotations['runbook_url'] ?? ''
      assert.match(link, /#servicedown$/)
      const answer = await fetch(link, { signal: AbortSignal.timeout(5_000) })
      assert.match(await answer.text(), /id="servicedown"/)
      assert.equal(page.labels['runbook'], undefined)
      // The instance itself is also down, and known to be a consequence.
      await until(
        'the ticket is silenced by the page',
        async () =>
          (await readAlerts(monitoring)).some(
            (alert) => isOf('InstanceDown', 'state-machine')(alert) && alert.status.state === 'suppressed',
          ),
        firesWithinMs,
      )
      let told: readonly string[] = []
      const isAllThatIsTold = async (): Promise<boolean> => {
        told = (await active()).filter(mayFollow).map(({ labels }) => labels['alertname'] ?? '')
        return told.length === 1 && told[0] === 'ServiceDown'
      }
      await until('the page is all that is told', isAllThatIsTold, resolvesWithinMs).catch(() =>
        assert.deepEqual(told, ['ServiceDown']),
      )

      await system.restart('state-machine')
      // Others may fire for longer: the minutes inside of their expressions are whole ones.
      const isDown = (alert: Alert): boolean => isIt(alert) || isOf('InstanceDown', 'state-machine')(alert)
      await until(
        'the state-machine is not down any more',
        async () => !(await readAlerts(monitoring)).some(isDown),
        resolvesWithinMs,
      )
      await system.app.createLive({ uid: 'alert-host-2', name: 'Bea' })
    } finally {
      over.abort()
      assert.ok((await load) > 0)
    }
  })

  test('the very first record that cannot be read is a ticket', async (t) => {
    const { roomId } = await system.app.createLive({ uid: 'alert-host-3', name: 'Cleo' })
    const viewer = await system.join('alert-viewer-3', roomId)
    t.after(() => viewer.close())
    await viewer.waitForPush(104)
    const { brokers } = system.environment
    await sendUnreadable({ brokers, topic: topics.pushComment.name, key: roomId })
    await until('the ticket is there', async () => (await active()).some(isOf('DeadLetters', 'edge')), firesWithinMs)
    const ticket = (await active()).find(isOf('DeadLetters', 'edge'))
    assert.equal(ticket?.labels['severity'], 'ticket')
    assert.equal(ticket.annotations['description'], 'About 1 in ten minutes, for RECORD_UNREADABLE.')
  })
})
