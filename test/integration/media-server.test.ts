// deadline: 240 s
import assert from 'node:assert/strict'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { isPresent } from '../../deploy/local/files.ts'
import { findMissingMediaTools } from '../../deploy/local/media-tools.ts'
import { startMediaServer } from '../../deploy/local/media-server.ts'
import { isPortFree } from '../../deploy/local/ports.ts'
import { startTestMediaServer, type TestMediaServer } from '../support/media-server.ts'
import { startNoticeServer, type NoticeServer } from '../support/notice-server.ts'
import { colourAt, colours, isNear, type ColourName } from '../support/picture.ts'
import { startTestSource, type TestSource } from '../support/test-source.ts'
import { until } from '../support/until.ts'
import { waitForPicture } from '../support/wait-for-media.ts'

const missing = await findMissingMediaTools()
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`

const secret = 'never-to-be-read-anywhere'

let notices: NoticeServer
let server: TestMediaServer
before(async () => {
  if (skip !== false) return
  notices = await startNoticeServer({ answer: ({ name = '' }) => (name.startsWith('refused') ? 403 : 204) })
  server = await startTestMediaServer({ notifyUrl: notices.url })
})
after(async () => {
  if (skip !== false) return
  await server.stop()
  notices.close()
})

const push = (t: TestContext, url: string, colour: ColourName = 'red'): TestSource => {
  const source = startTestSource({ url, colour, toneHz: 440 })
  t.after(source.kill)
  return source
}

const statusOf = async (url: string): Promise<number> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
  await response.body?.cancel()
  return response.status
}

const readText = async (url: string): Promise<string> =>
  (await fetch(url, { signal: AbortSignal.timeout(5000) })).text()

const shows = (name: string, colour: ColourName) =>
  waitForPicture({
    url: server.playUrl(name),
    what: `${colour} at ${name}`,
    isIt: (picture) => isNear(colourAt(picture, { x: 0.5, y: 0.4 }), colours[colour]),
  })

const isOnAir = async (name: string): Promise<boolean> => (await statusOf(server.playUrl(name))) === 200

/** The part of the statistics that tells of a stream. */
const readStat = async (stream: string): Promise<string | undefined> =>
  (await readText(server.statUrl)).split('<stream>').find((part) => part.includes(`<name>${stream}</name>`))

describe("a broadcaster's stream", { skip }, () => {
  test('is announced with its address, told in the statistics, and played under all names of its room', async (t) => {
    const source = push(t, `${server.sourceUrl('room1')}?auth_key=${secret}`)
    await until('it is announced', () => notices.callsOf('room1').length === 1)
    const [notice] = notices.received.filter(({ name }) => name === 'room1')
    assert.partialDeepStrictEqual(notice, {
      call: 'publish',
      app: server.app,
      addr: '127.0.0.1',
      type: 'live',
      auth_key: secret,
    })

    for (const name of ['room1.m3u8', 'room1_mix.m3u8', 'room1_mix']) await shows(name, 'red')
    const stat = await readStat('room1')
    assert.match(stat ?? '', /<publishing\/>[\s\S]*<video>[\s\S]*<codec>H264<\/codec>/)
    assert.match(stat ?? '', /<bytes_in>[1-9]\d*<\/bytes_in>/)

    await source.stop()
    await until('its end is told', () => notices.callsOf('room1').length === 2)
    assert.deepEqual(notices.callsOf('room1'), ['publish', 'publish_done'])
    assert.equal(notices.received.findLast(({ name }) => name === 'room1')?.['auth_key'], secret)
    for (const name of ['room1.m3u8', 'room1_mix.m3u8', 'room1_mix']) {
      await until(`nothing is left at ${name}`, async () => (await statusOf(server.playUrl(name))) === 404)
    }
    // The key of an address is in no log and no statistics.
    assert.ok(!(await server.readLog()).includes(secret))
    assert.ok(!(await readText(server.statUrl)).includes(secret))
  })

  test('is told to have ended when its encoder is killed', async (t) => {
    const source = push(t, server.sourceUrl('room2'))
    await until('it is played', () => isOnAir('room2.m3u8'))
    await source.kill()
    await until('its end is told', () => notices.callsOf('room2').length === 2)
    assert.deepEqual(notices.callsOf('room2'), ['publish', 'publish_done'])
    await until('nothing is left', async () => !(await isOnAir('room2.m3u8')))
  })

  test('is told to have ended when its encoder holds the connection and sends nothing for five seconds', async (t) => {
    const source = push(t, server.sourceUrl('room3'))
    await until('it is played', () => isOnAir('room3.m3u8'))
    source.pause()
    await until('its end is told', () => notices.callsOf('room3').length === 2)
    await until('nothing is left', async () => !(await isOnAir('room3.m3u8')))
  })

  test('is refused when the answer to its announcement is 403', async (t) => {
    const source = push(t, `${server.sourceUrl('refused1')}?auth_key=${secret}`)
    await until('its encoder gives up', () => !source.isRunning())
    assert.deepEqual(notices.callsOf('refused1'), ['publish'])
    assert.equal(await isOnAir('refused1.m3u8'), false)
    assert.ok(!(await server.readLog()).includes(secret))
  })

  test('is refused when another one of that name is on the air, which goes on', async (t) => {
    push(t, server.sourceUrl('room4'), 'green')
    await until('the first is played', () => isOnAir('room4.m3u8'))
    const second = push(t, server.sourceUrl('room4'), 'blue')
    await until('its end is told', () => notices.callsOf('room4').includes('publish_done'))
    const fragments = new Set<string>()
    await until('the first has gone on', async () => {
      const playlist = await readText(server.playUrl('room4.m3u8'))
      assert.match(playlist, /^#EXTM3U/, 'the playlist was gone for a moment')
      for (const line of playlist.split('\n')) if (line.endsWith('.ts')) fragments.add(line)
      return fragments.size > 3
    })
    assert.equal(second.isRunning(), false)
    await shows('room4.m3u8', 'green')
  })
})

describe('a mix', { skip }, () => {
  test("takes the place of its room's source as long as it is on the air", async (t) => {
    push(t, server.sourceUrl('room5'), 'green')
    await shows('room5_mix.m3u8', 'green')
    const mix = push(t, server.mixUrl('room5_mix'), 'blue')
    for (const name of ['room5_mix.m3u8', 'room5_mix']) await shows(name, 'blue')
    await shows('room5.m3u8', 'green')
    assert.deepEqual(notices.callsOf('room5_mix'), [])
    await mix.kill()
    for (const name of ['room5_mix.m3u8', 'room5_mix']) await shows(name, 'green')
  })

  test('can be read by RTMP; where there is none, a reader is told so', async (t) => {
    push(t, server.mixUrl('room6_mix'), 'yellow')
    const look = { url: server.mixUrl('room6_mix'), what: 'yellow by RTMP' }
    await waitForPicture({ ...look, isIt: (picture) => isNear(colourAt(picture, { x: 0.5, y: 0.4 }), colours.yellow) })
    await assert.rejects(
      waitForPicture({ url: server.mixUrl('nobody_mix'), what: 'anything', isIt: () => true, deadlineMs: 3000 }),
    )
  })

  for (const name of ['room7', 'room7_mix2', 'room-7_mix', '_mix', '..%2froom7_mix', `${'a'.repeat(65)}_mix`]) {
    test(`cannot be published under the name ${name}`, async (t) => {
      const source = push(t, server.mixUrl(name))
      await until('its encoder gives up', () => !source.isRunning())
      assert.equal(await readStat(name), undefined)
      assert.deepEqual(
        await readdir(join(server.dataDir, 'media/hls/mix')).then((all) =>
          all.filter((file) => file.includes('room7')),
        ),
        [],
      )
    })
  }
})

describe('what players get', { skip }, () => {
  test('a playlist that is never cached, fragments that may be, both for pages from anywhere', async (t) => {
    push(t, server.sourceUrl('room8'))
    await until('it is played', () => isOnAir('room8.m3u8'))
    const playlist = await fetch(server.playUrl('room8_mix.m3u8'))
    const lines = (await playlist.text()).split('\n')
    assert.equal(playlist.headers.get('content-type'), 'application/vnd.apple.mpegurl')
    assert.equal(playlist.headers.get('cache-control'), 'no-store')
    assert.equal(playlist.headers.get('access-control-allow-origin'), '*')
    const name = lines.find((line) => line.endsWith('.ts'))
    assert.ok(name)
    const fragment = await fetch(server.playUrl(name))
    assert.ok((await fragment.arrayBuffer()).byteLength > 1000)
    assert.equal(fragment.headers.get('content-type'), 'video/mp2t')
    assert.equal(fragment.headers.get('access-control-allow-origin'), '*')
    assert.match(fragment.headers.get('cache-control') ?? '', /max-age/)
  })

  test('nothing of a room without a stream, of other files, or of names that are none', async () => {
    const paths = ['nobody.m3u8', 'nobody_mix', 'nobody-1.ts', '../nginx.conf', '..%2f..%2fnginx.conf', '', 'a.b.m3u8']
    for (const path of paths) {
      // 400: a path that leads out of it all.
      assert.ok([400, 404].includes(await statusOf(server.playUrl(path))), path)
    }
  })
})

describe('the server', { skip }, () => {
  test('is killed with streams on the air, starts again and takes them again, with nothing of the former ones left', async (t) => {
    const own = await startTestMediaServer({ notifyUrl: notices.url })
    t.after(own.stop)
    const source = push(t, own.sourceUrl('room9'))
    await until('it is played', async () => (await statusOf(own.playUrl('room9.m3u8'))) === 200)
    const former = own.pid()
    await own.restart('SIGKILL')
    await source.ended
    assert.notEqual(own.pid(), former)
    assert.equal(await statusOf(own.playUrl('room9.m3u8')), 404)
    push(t, own.sourceUrl('room9'))
    await until('it is played again', async () => (await statusOf(own.playUrl('room9.m3u8'))) === 200)
  })

  test('writes to its own folder alone, and leaves no process and no port when it is stopped', async (t) => {
    const own = await startTestMediaServer({ notifyUrl: notices.url })
    t.after(own.stop)
    const pid = own.pid()
    assert.deepEqual((await readdir(own.dataDir)).toSorted(), ['log', 'media', 'run'])
    assert.deepEqual((await readdir(join(own.dataDir, 'media'))).toSorted(), ['hls', 'nginx.conf', 'nginx.pid', 'tmp'])
    await own.stop()
    for (const port of Object.values(own.ports)) assert.ok(await isPortFree(port))
    await until('its process group is gone', async () => {
      const groups = await Promise.all(
        (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(readProcessGroup),
      )
      return !groups.includes(pid)
    })
  })

  test('removes what no player needs any more: playlists that are not renewed, fragments that are on no playlist', async () => {
    const leave = async (name: string, secondsAgo: number): Promise<string> => {
      const file = join(server.dataDir, 'media/hls/source', name)
      await writeFile(file, '')
      const then = Date.now() / 1000 - secondsAgo
      await utimes(file, then, then)
      return file
    }
    const kept = [await leave('room10.m3u8', -60), await leave('room10-2.ts', 80)]
    const old = [await leave('room11.m3u8', 20), await leave('room11.m3u8.bak', 20), await leave('room11-1.ts', 120)]
    for (const file of old) await until(`${file} is gone`, async () => !(await isPresent(file)))
    for (const file of kept) assert.ok(await isPresent(file), file)
  })

  test('names the taken port and the variable that chooses another', async () => {
    const again = startMediaServer({
      dataDir: join(server.dataDir, 'other'),
      ports: server.ports,
      app: server.app,
      mixSuffix: '_mix',
      notifyUrl: notices.url,
    })
    await assert.rejects(again, {
      name: 'PlatformError',
      message: /port \d+ for the media server is taken.*MEDIA_RTMP_PORT/,
    })
  })

  test('takes no names that would not be safe in an address or its configuration', async () => {
    const start = (changed: { app?: string; mixSuffix?: string }) =>
      startTestMediaServer({ notifyUrl: notices.url, ...changed })
    await assert.rejects(start({ app: 'a;b' }), /MEDIA_APP/)
    // A mix could have the name of a room.
    await assert.rejects(start({ mixSuffix: 'mix' }), /MIX_SUFFIX/)
  })
})

/** Field 5 of proc_pid_stat(5); undefined for a process that has just gone. */
const readProcessGroup = async (pid: string): Promise<number | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]
  return group === undefined ? undefined : Number(group)
}
