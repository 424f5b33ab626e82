import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'

const module = new URL('./service.ts', import.meta.url).href

type Line = Readonly<Record<string, unknown>> & { readonly msg: string }

/** A process whose main is a service with this body of `start`. */
const run = (t: TestContext, start: string, options = '') => {
  const program = `
    import { runService } from '${module}'
    const config = () => ({ logLevel: 'info', adminPort: 0 })
    await runService({ name: 'test', config, start: async (context) => { ${start} }, ${options} })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as Line)
    for (const check of waiting) check()
  })
  /** Resolves with the first line that has this message; the test's own deadline bounds the wait. */
  const said = (message: string): Promise<Line> =>
    new Promise((resolve) => {
      const check = (): void => {
        const line = lines.find(({ msg }) => msg === message)
        if (line === undefined) return
        waiting.delete(check)
        resolve(line)
      }
      waiting.add(check)
      check()
    })
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  return { child, lines, said, exitCode }
}

const within = { timeout: 20_000 }
const messages = (lines: readonly Line[]): readonly string[] => lines.map(({ msg }) => msg)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} closes what was started in reverse order, and the exit code is 0`, within, async (t) => {
    const { child, lines, said, exitCode } = run(
      t,
      `context.lifecycle.onClose(() => context.log.info({}, 'producer closed'))
       context.lifecycle.onClose(() => context.log.info({}, 'socket closed'))`,
    )
    await said('started')
    child.kill(signal)
    assert.equal(await exitCode, 0)
    assert.deepEqual(messages(lines).slice(-4), ['stopping', 'socket closed', 'producer closed', 'stopped'])
  })
}

test('a process is ready after its start, and not ready any more while it closes', within, async (t) => {
  const { child, said, exitCode } = run(
    t,
    `const proceed = new Promise((resolve) => process.once('SIGUSR2', resolve))
     context.lifecycle.onClose(() => proceed)
     context.readiness.set('kafka', true)
     setInterval(() => {}, 1000).unref()`,
  )
  const { adminPort } = await said('admin server listens')
  const readiness = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${String(adminPort)}/readyz`)).json()
  await said('started')
  assert.deepEqual(await readiness(), { ready: true })
  child.kill('SIGTERM')
  await said('stopping')
  assert.deepEqual(await readiness(), { ready: false, waitingFor: ['shutdown'] })
  child.kill('SIGUSR2')
  assert.equal(await exitCode, 0)
})

test('a second signal while it closes changes nothing', within, async (t) => {
  const { child, said, exitCode } = run(
    t,
    `const proceed = new Promise((resolve) => process.once('SIGUSR2', resolve))
     context.lifecycle.onClose(() => proceed)`,
  )
  await said('started')
  child.kill('SIGINT')
  await said('stopping')
  child.kill('SIGTERM')
  child.kill('SIGUSR2')
  assert.equal(await exitCode, 0)
})

test(
  'a start that fails is logged with its reason, what had started is closed, and the exit code is 1',
  within,
  async (t) => {
    const { lines, exitCode } = run(
      t,
      `context.lifecycle.onClose(() => context.log.info({}, 'producer closed'))
     throw new Error('register the schemas first')`,
    )
    assert.equal(await exitCode, 1)
    assert.deepEqual(messages(lines).slice(-3), ['cannot start', 'producer closed', 'stopped'])
    assert.match(JSON.stringify(lines), /register the schemas first/)
  },
)

test('a configuration that is bad is logged, and nothing starts', within, async (t) => {
  const { lines, exitCode } = run(t, '', `config: () => { throw new Error('KAFKA_BROKERS: bad') }`)
  assert.equal(await exitCode, 1)
  assert.deepEqual(messages(lines), ['cannot start'])
  assert.match(JSON.stringify(lines), /KAFKA_BROKERS: bad/)
})

test('a signal during the start lets it give up, closes what there is, and the exit code is 0', within, async (t) => {
  const { child, lines, said, exitCode } = run(
    t,
    `context.log.info({}, 'waiting')
     await new Promise((_, reject) => context.lifecycle.signal.addEventListener('abort', () => {
       context.lifecycle.onClose(() => context.log.info({}, 'half started closed'))
       reject(new Error('given up'))
     }))`,
  )
  await said('waiting')
  child.kill('SIGTERM')
  assert.equal(await exitCode, 0)
  assert.deepEqual(messages(lines).slice(-2), ['half started closed', 'stopped'])
})

for (const [what, body] of [
  ['a fault that cannot be repaired', `setImmediate(() => context.fail(new Error('fenced')))`],
  ['an exception that nobody caught', `setImmediate(() => { throw new Error('fenced') })`],
  ['a rejection that nobody handled', `setImmediate(() => { void Promise.reject(new Error('fenced')) })`],
]) {
  test(`${what} closes everything, and the exit code is 1`, within, async (t) => {
    const { lines, exitCode } = run(t, `context.lifecycle.onClose(() => context.log.info({}, 'closed')); ${body}`)
    assert.equal(await exitCode, 1)
    assert.deepEqual(messages(lines).slice(-3), ['failed', 'closed', 'stopped'])
    assert.match(JSON.stringify(lines), /fenced/)
  })
}

test('a closer that fails makes the exit code 1', within, async (t) => {
  const { child, said, exitCode } = run(t, `context.lifecycle.onClose(() => { throw new Error('stuck') })`)
  await said('started')
  child.kill('SIGTERM')
  assert.equal(await exitCode, 1)
})

test('what is still open at the deadline is named, and the exit code is 1', within, async (t) => {
  const { child, said, exitCode } = run(
    t,
    `context.lifecycle.onClose(() => new Promise(() => { setInterval(() => {}, 1000) }))`,
    'closeDeadlineMs: 200',
  )
  await said('started')
  child.kill('SIGTERM')
  assert.deepEqual((await said('not closed in time'))['open'] instanceof Array, true)
  assert.equal(await exitCode, 1)
})
