import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readEnvironment } from '../../deploy/local/environment.ts'
import { mediaServerName } from '../../deploy/local/media-server.ts'
import { findMissingMediaTools } from '../../deploy/local/media-tools.ts'
import { findFreePort } from '../../deploy/local/ports.ts'
import { listProcesses } from '../../deploy/local/processes.ts'
import { createSite, kill } from './local-platform.site.ts'

const missing = await findMissingMediaTools()
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`

const media = {
  MIXER_ADAPTER: 'ffmpeg',
  MEDIA_AUTH_KEY: 'not-for-the-terminal',
  MEDIA_RTMP_PORT: '0',
  MEDIA_MIX_PORT: '0',
  MEDIA_HTTP_PORT: '0',
  MIXER_MEDIA_PORT: '0',
}

/** What a service was told, as a stand-in tells it. */
const askEnvironment = async (adminPort: number | undefined): Promise<unknown> =>
  (await fetch(`http://127.0.0.1:${adminPort}/environment`)).json()

describe('with real media', { skip }, () => {
  test('up starts a media server and tells the services and the person where it is; down stops it', async (t) => {
    const { dataDir, succeeds, does, find } = await createSite(t)
    const output = await succeeds('up', media)
    const { ports } = await find(mediaServerName)
    const variables = (await readEnvironment(dataDir))?.variables
    assert.partialDeepStrictEqual(variables, {
      MEDIA_PUSH_HOST: `127.0.0.1:${ports['MEDIA_RTMP_PORT']}`,
      MEDIA_PLAY_HOST: `127.0.0.1:${ports['MEDIA_HTTP_PORT']}`,
      MEDIA_RTMP_PLAY_HOST: `127.0.0.1:${ports['MEDIA_MIX_PORT']}`,
      MEDIA_HTTP_PORT: String(ports['MEDIA_HTTP_PORT']),
      MEDIA_APP: 'DemoApp',
      MIX_SUFFIX: '_mix',
    })
    assert.partialDeepStrictEqual(await askEnvironment((await find('ingest')).ports['INGEST_ADMIN_PORT']), variables)

    assert.ok(output.includes(`rtmp://127.0.0.1:${ports['MEDIA_RTMP_PORT']}/DemoApp/ROOM`), output)
    assert.ok(output.includes(`http://127.0.0.1:${ports['MEDIA_HTTP_PORT']}/DemoApp/ROOM_mix.m3u8`), output)
    assert.ok(!output.includes(media.MEDIA_AUTH_KEY))
    const asked = `http://127.0.0.1:${variables?.['MIXER_MEDIA_PORT']}/notify`
    assert.ok((await readFile(join(dataDir, 'media/nginx.conf'), 'utf8')).includes(asked))

    const told = await does('status')
    assert.equal(told.code, 0)
    assert.match(told.output, /media-server: pid \d+, MEDIA_RTMP_PORT \d+/)
    await succeeds('down')
    assert.deepEqual(await listProcesses(dataDir), [])
  })

  test('up starts a media server that has died, on the ports that it had, and leaves the rest alone', async (t) => {
    const { succeeds, does, find } = await createSite(t)
    await succeeds('up', media)
    const [ingest, server] = [await find('ingest'), await find(mediaServerName)]
    await kill(server)
    const told = await does('status')
    assert.equal(told.code, 1)
    assert.match(told.output, /media-server: does not run here/)
    await succeeds('up', media)
    assert.deepEqual(await find('ingest'), ingest)
    assert.deepEqual((await find(mediaServerName)).ports, server.ports)
    assert.notEqual((await find(mediaServerName)).pid, server.pid)
  })

  test('a run ends when its media server has died', async (t) => {
    const { dataDir, begin, find } = await createSite(t)
    const foreground = begin('run', media)
    await foreground.says('Ctrl-C stops everything')
    await kill(await find(mediaServerName))
    const { code, output } = await foreground.outcome
    assert.equal(code, 1)
    assert.match(output, /media-server ended with signal SIGKILL/)
    assert.deepEqual(await listProcesses(dataDir), [])
  })

  test('two copies run side by side', async (t) => {
    const [one, two] = [await createSite(t), await createSite(t)]
    await Promise.all([one.succeeds('up', media), two.succeeds('up', media)])
    const all = Object.values((await one.find(mediaServerName)).ports)
    for (const port of Object.values((await two.find(mediaServerName)).ports)) assert.ok(!all.includes(port))
    await one.succeeds('down')
    const { ports } = await two.find(mediaServerName)
    assert.equal((await fetch(`http://127.0.0.1:${ports['MEDIA_HTTP_PORT']}/stat`)).status, 200)
  })

  test('hosts that are given reach the clients instead', async (t) => {
    const { dataDir, succeeds } = await createSite(t)
    await succeeds('up', { ...media, MEDIA_PUSH_HOST: 'push.example', MEDIA_PLAY_HOST: 'play.example' })
    assert.partialDeepStrictEqual((await readEnvironment(dataDir))?.variables, {
      MEDIA_PUSH_HOST: 'push.example',
      MEDIA_PLAY_HOST: 'play.example',
      MEDIA_RTMP_PLAY_HOST: 'play.example',
    })
  })

  for (const variable of ['MEDIA_RTMP_PORT', 'MEDIA_MIX_PORT', 'MEDIA_HTTP_PORT', 'MIXER_MEDIA_PORT']) {
    test(`${variable} is named when that port is taken, and nothing is started`, async (t) => {
      const { dataDir, does } = await createSite(t)
      const port = await findFreePort()
      const holder = createServer().listen(port, '127.0.0.1')
      await once(holder, 'listening')
      t.after(() => holder.close())
      const { code, output } = await does('up', { ...media, [variable]: String(port) })
      assert.equal(code, 1)
      assert.match(output, new RegExp(`port ${port} for .* is taken .*${variable}`))
      assert.deepEqual(await listProcesses(dataDir), [])
    })
  }
})

test('without its programs up names what is missing and how to get it, and starts nothing', async (t) => {
  const { dataDir, begin } = await createSite(t)
  const bin = join(dataDir, 'bin')
  await mkdir(bin)
  // An nginx that cannot do RTMP.
  const nginx = `#!/bin/sh\necho 'configure arguments: --modules-path=${dataDir}/modules' >&2\n`
  await writeFile(join(bin, 'nginx'), nginx)
  await chmod(join(bin, 'nginx'), 0o755)
  await symlink('/bin/sh', join(bin, 'sh'))
  const { code, output } = await begin('up', { ...media, PATH: bin }).outcome
  assert.equal(code, 1)
  assert.match(output, /not installed: ffmpeg, nginx's rtmp module\./)
  assert.match(output, /apt-get install ffmpeg nginx-light libnginx-mod-rtmp/)
  assert.doesNotMatch(output, /creating topics/)
  assert.deepEqual(await listProcesses(dataDir), [])
})

test('with another mixer no media server is started, and nothing of it is needed', async (t) => {
  const { dataDir, begin } = await createSite(t)
  const { code, output } = await begin('up', { ...media, MIXER_ADAPTER: 'simulated', PATH: '' }).outcome
  assert.equal(code, 0, output)
  assert.deepEqual((await listProcesses(dataDir)).map(({ name }) => name).toSorted(), ['edge', 'ingest'])
  assert.equal((await readEnvironment(dataDir))?.variables['MEDIA_PLAY_HOST'], undefined)
})

test('the secrets of an account at the video cloud reach the services and are written nowhere', async (t) => {
  const { dataDir, begin, find } = await createSite(t)
  const keys = { ALIYUN_ACCESS_KEY_SECRET: 'a-secret-of-theirs', ALIYUN_SECURITY_TOKEN: 'a-token-of-theirs' }
  const { code, output } = await begin('up', { ...keys, ALIYUN_ACCESS_KEY_ID: 'an-id' }).outcome
  assert.equal(code, 0, output)
  const seen = await askEnvironment((await find('ingest')).ports['INGEST_ADMIN_PORT'])
  assert.partialDeepStrictEqual(seen, { ...keys, ALIYUN_ACCESS_KEY_ID: 'an-id' })
  assert.equal((await readEnvironment(dataDir))?.variables['ALIYUN_ACCESS_KEY_ID'], 'an-id')
  const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  assert.ok(files.length > 3)
  const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')))
  for (const text of [output, ...texts]) assert.doesNotMatch(text, /of-theirs/)
})
