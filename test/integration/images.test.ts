// wants a container engine
// deadline: 300 s
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { z } from 'zod'
import {
  buildImage,
  createStage,
  findImageEngine,
  hardened,
  publishing,
  setting,
  startPlatformContainers,
} from '../containers/images.ts'
import type { Stage } from '../containers/images.ts'
import { findFaults, namesIn } from '../containers/images-bill.ts'
import { due, inviteAndCancel, openPair, told } from '../containers/images-traffic.ts'
import type { Pair } from '../containers/images-traffic.ts'
import { createAppServer } from '../support/app-server.ts'
import { isOp } from '../support/edge-client.ts'
import { until } from '../support/until.ts'

const engine = await findImageEngine(process.env)
const skip = 'missing' in engine ? engine.missing : false

const keys = {
  INGEST_API_KEYS: 'a-key-that-only-this-test-has',
  ALI_CALLBACK_KEY: 'another-key-of-this-test',
  EDGE_JWT_SECRET: 'a-secret-of-this-test-alone',
}
const services = ['ingest', 'state-machine', 'mixer', 'edge']
/** Where clients come in. */
const doors: Readonly<Record<string, number>> = { ingest: 8080, edge: 8081 }
const pairCount = 8
const mebibyte = 1024 * 1024

describe('the image of the services', { skip }, () => {
  const docker = 'missing' in engine ? () => Promise.reject(new Error(engine.missing)) : engine.docker
  let image: string
  let stage: Stage
  let pairs: readonly Pair[] = []

  before(async () => {
    image = await buildImage(docker)
    stage = await createStage(docker)
    const platform = await startPlatformContainers(stage, image)
    const variables = setting({ ...platform, ...keys, INGEST_URL: 'http://ingest:8080' })
    const options = [...hardened, '--health-interval=1s', '--memory=512m', ...variables]
    const start = (name: string): Promise<void> => {
      const door = doors[name]
      return stage.start(name, [...options, ...(door === undefined ? [] : publishing(door))], image, [name])
    }
    await Promise.all(services.map(start))
  })
  after(() => stage.remove())

  /** The process number of the service, the one child of process 1. */
  const pidOf = async (name: string): Promise<string> =>
    (await stage.exec(name, ['cat', '/proc/1/task/1/children'])).trim()

  test('has less than 300 MB, and neither npm nor sources nor tests', async () => {
    const bytes = Number(await docker(['image', 'inspect', '--format', '{{.Size}}', image]))
    assert.ok(bytes < 300e6, `${(bytes / 1e6).toFixed(0)} MB`)
    const find = 'find /app /usr/local -name npm -o -name "*.ts" -o -name "*.test.*" -o -name "*.map" -o -name "*.node"'
    const found = await stage.run(['--entrypoint', 'sh'], image, ['-c', find])
    assert.match(found, /^\/app\/node_modules\/uWebSockets\.js\/dist\/bin\/uws_linux_\w+_\d+\.node\n$/)
  })

  test('says nothing secret about itself, and what it is', async () => {
    const Description = z.object({
      Env: z.array(z.string()),
      Labels: z.record(z.string(), z.string()),
      User: z.string(),
    })
    const text = await docker(['image', 'inspect', '--format', '{{json .Config}}', image])
    const { Env, Labels, User } = Description.parse(JSON.parse(text))
    assert.deepEqual(
      Env.map((entry) => entry.split('=')[0]),
      ['PATH'],
    )
    assert.equal(User, '10001:10001')
    assert.equal(Labels['org.opencontainers.image.licenses'], 'Apache-2.0')
    const history = await docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', image])
    assert.doesNotMatch(history, /(secret|password|token|key)\w*=/i)
  })

  test('has a valid bill of materials that names what is in it', async () => {
    const bill: unknown = JSON.parse(await stage.run(['--entrypoint', 'cat'], image, ['sbom.cdx.json']))
    assert.deepEqual(findFaults(bill), [])

    const list = async (command: string): Promise<readonly string[]> => {
      const lines = await stage.run(['--entrypoint', 'sh'], image, ['-c', command])
      return [...new Set(lines.trim().split('\n'))].toSorted()
    }
    const packages =
      "find node_modules -regextype posix-extended -regex '(.*/)?node_modules/(@[^/]+/)?[^@/]+/package.json'"
    const tell =
      'for (const file of process.argv.slice(1)) { const p = require("./" + file); console.log(p.name + "@" + p.version) }'
    assert.deepEqual(namesIn(bill, 'pkg:npm/').toSorted(), await list(`${packages} | xargs node -e '${tell}'`))
    assert.deepEqual(
      namesIn(bill, 'pkg:deb/debian/').toSorted(),
      await list("dpkg-query -W -f '${Package}@${Version}\\n'"),
    )
    assert.deepEqual(namesIn(bill, 'pkg:generic/'), await list('node -p \'"node@" + process.versions.node\''))
  })

  test('runs each service unable to write, as nobody in particular, until it is healthy and ready', async () => {
    for (const name of services) {
      await until(
        `${name} is healthy`,
        async () => (await stage.inspect(name, '{{.State.Health.Status}}')) === 'healthy',
        60_000,
      )
      await until(
        `${name} is ready`,
        async () => {
          const answer = await stage.exec(name, ['sh', '-c', 'roomcast probe readyz || true'])
          return answer.includes('"ready":true')
        },
        60_000,
      )
      assert.match(await stage.exec(name, ['cat', '/proc/1/cmdline']), /^\/usr\/bin\/tini/)
      assert.match(await stage.exec(name, ['cat', `/proc/${await pidOf(name)}/status`]), /^CapEff:\t0+$/m)
      assert.equal((await stage.exec(name, ['id', '-u'])).trim(), '10001')
      await assert.rejects(stage.exec(name, ['touch', '/app/x']), /Read-only file system/)
    }
  })

  test('an edge that has just started takes less than 120 MB', async () => {
    const status = await stage.exec('edge', ['cat', `/proc/${await pidOf('edge')}/status`])
    const bytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
    assert.ok(bytes < 120 * mebibyte, `${(bytes / mebibyte).toFixed(0)} MiB`)
  })

  test('what a process leaves behind is reaped', async () => {
    // The shell ends before its child, which then belongs to process 1.
    await stage.exec('mixer', ['sh', '-c', 'sh -c "sleep 0.1; :" & exit 0'])
    await until('nobody is left but process 1 and the service', async () => {
      const numbers = await stage.exec('mixer', ['cat', '/proc/1/task/1/children'])
      return numbers.trim().split(' ').length === 1
    })
  })

  test('no log of a service has a key in it', async () => {
    for (const name of services) {
      const log = await stage.logs(name)
      assert.match(log, /"msg":"started"/)
      for (const key of Object.values(keys)) assert.equal(log.includes(key), false, name)
    }
  })

  test('a state-machine that is stopped under load and started again has lost no step and doubled none', async () => {
    const [ingest, edge] = [await stage.addressOf('ingest', 8080), await stage.addressOf('edge', 8081)]
    const app = createAppServer({ url: `http://${ingest}`, apiKey: keys.INGEST_API_KEYS, timeoutMs: 30_000 })
    const inside = { app, edgeUrl: `ws://${edge}/v1/ws`, secret: keys.EDGE_JWT_SECRET }
    pairs = await Promise.all(Array.from({ length: pairCount }, (_, at) => openPair(inside, String(at))))

    let decisions = 0
    let isOver = false
    const onDecision = (): void => void (decisions += 1)
    const load = pairs.map((pair) => inviteAndCancel({ app, pair, isOver: () => isOver, onDecision }))
    const restart = async (): Promise<void> => {
      try {
        await until('the load goes on', () => decisions > 4 * pairCount)
        assert.equal(await stage.stop('state-machine', 15), 0)
        await stage.startAgain('state-machine')
      } finally {
        isOver = true
      }
    }
    const [sessions] = await Promise.all([Promise.all(load), restart()])
    for (const [at, pair] of pairs.entries()) {
      const expected = due(sessions[at] ?? [])
      assert.deepEqual(await told(pair, expected.length), expected)
    }
  })

  test('an edge that is stopped asks its clients to come back elsewhere, closes with 4000, and ends with 0', async () => {
    assert.equal(await stage.stop('edge', 30), 0)
    for (const { invitee } of pairs) {
      assert.ok(invitee.lines.some((line) => isOp(line) && line.op === 'reconnect'))
      assert.equal((await invitee.closed).code, 4000)
    }
  })

  test('SIGTERM reaches each service, which closes what it has and ends with 0', async () => {
    const codes = await Promise.all(services.map((name) => stage.stop(name, 15)))
    assert.deepEqual(codes, [0, 0, 0, 0])
    for (const name of services) {
      assert.match(await stage.logs(name), /"signal":"SIGTERM","msg":"stopping"[^]*"exitCode":0,"msg":"stopped"/, name)
    }
  })
})
