import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { isFault } from '../../shared/fault.ts'
import { createNginxStat, readStat } from './nginx-stat.ts'

const video =
  '<video><width>320</width><height>180</height><frame_rate>15</frame_rate><codec>H264</codec>' +
  '<profile>Baseline</profile><compat>192</compat><level>1.2</level></video>'
const noVideo = '<video><width>0</width><height>0</height><frame_rate>0</frame_rate></video>'
const audio =
  '<audio><codec>AAC</codec><profile>LC</profile><channels>1</channels><sample_rate>44100</sample_rate></audio>'

const client = (id: number, rest: string): string =>
  `<client><id>${id}</id><address>127.0.0.1</address><time>4668</time><flashver>FMLE/3.0 (compatible; Lavf59.27</flashver>` +
  `<dropped>0</dropped><avsync>-20</avsync>${rest}<active/></client>\n`
const publisher = (id: number, timestamp = 4_435): string =>
  client(id, `<timestamp>${timestamp}</timestamp><publishing/>`)
const player = (id: number): string => client(id, '<timestamp>0</timestamp>')

const stream = (name: string, clients: string, { bytesIn = 39_038, media = video } = {}): string =>
  `<stream>\n<name>${name}</name>\n<time>4486</time><bw_in>0</bw_in>\n<bytes_in>${bytesIn}</bytes_in>\n<bw_out>0</bw_out>\n` +
  `<bytes_out>0</bytes_out>\n<bw_audio>0</bw_audio>\n<bw_video>0</bw_video>\n${clients}<meta>${media}${audio}</meta>\n` +
  '<nclients>1</nclients>\n<publishing/>\n<active/>\n</stream>\n'

const server = (streams: string, app = 'Demo'): string =>
  `<server>\n<application>\n<name>${app}</name>\n<live>\n${streams}<nclients>3</nclients>\n</live>\n</application>\n</server>\n`

/** What nginx-rtmp 1.1.4 writes. */
const page = (servers: string): string =>
  '<?xml version="1.0" encoding="utf-8" ?>\n<rtmp>\n<nginx_version>1.22.1</nginx_version>\n' +
  '<nginx_rtmp_version>1.1.4</nginx_rtmp_version>\n<built>Feb 13 2023 11:56:56</built>\n<pid>32582</pid>\n<uptime>5</uptime>\n' +
  '<naccepted>5</naccepted>\n<bw_in>0</bw_in>\n<bytes_in>303327</bytes_in>\n<bw_out>0</bw_out>\n<bytes_out>2048</bytes_out>\n' +
  `${servers}</rtmp>\n`

test('the published rooms of the first server are told with connection, timestamp, bytes and video', () => {
  const xml = page(
    server(
      stream('roomA', player(7) + publisher(3) + player(8), { bytesIn: 111_574 }) +
        stream('audioOnly', publisher(2, -2), { media: noVideo }),
    ) + server(stream('roomB', publisher(1)) + stream('roomA_mix', publisher(4))),
  )
  assert.deepEqual(readStat(xml, 'Demo'), {
    server: '32582',
    streams: new Map([
      ['roomA', { client: 3, timestampMs: 4_435, bytesIn: 111_574, hasVideo: true }],
      ['audioOnly', { client: 2, timestampMs: -2, bytesIn: 39_038, hasVideo: false }],
    ]),
  })
})

test('streams that are only waited for, and names that are no room ids, are passed over', () => {
  const xml = page(
    server(stream('roomA', player(7)) + stream('ro&lt;b&gt;&amp;omB', publisher(9)) + stream('r_mix', publisher(5))),
  )
  assert.deepEqual(readStat(xml, 'Demo')?.streams, new Map())
})

test('a page without streams is a look at nothing; one without the application, or cut anywhere, is none', () => {
  const xml = page(server(stream('roomA', publisher(3))))
  assert.deepEqual(readStat(page(server('')), 'Demo'), { server: '32582', streams: new Map() })
  assert.equal(readStat(xml, 'Other'), undefined)
  assert.equal(readStat('', 'Demo'), undefined)
  const end = xml.trimEnd().length
  for (let length = 0; length < end; length++) assert.equal(readStat(xml.slice(0, length), 'Demo'), undefined)
})

test('a page of another shape is refused as a whole', () => {
  const good = page(server(stream('roomA', publisher(3))))
  assert.notEqual(readStat(good, 'Demo'), undefined)
  const bad = [
    '<a><b></a></b>',
    '<html></html>',
    'text',
    good.replace('<pid>32582</pid>', ''),
    good.replace('<bytes_in>39038</bytes_in>', ''),
    good.replace('<bytes_in>39038</bytes_in>', '<bytes_in>many</bytes_in>'),
    good.replace('<timestamp>4435</timestamp>', ''),
    good.replace('<id>3</id>', '<id/>'),
  ]
  assert.deepEqual(
    bad.filter((xml) => readStat(xml, 'Demo') !== undefined),
    [],
  )
})

const serve = async (t: TestContext, status: number, body: string) => {
  const http = createServer((_, response) => void response.writeHead(status).end(body))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  const address = http.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/stat`
}

test('a look is fetched, and what cannot be had is a fault that may pass', async (t) => {
  const signal = AbortSignal.timeout(5_000)
  const url = await serve(t, 200, page(server(stream('roomA', publisher(3)))))
  assert.equal((await createNginxStat({ url, app: 'Demo' })(signal)).streams.size, 1)
  const troubles = [
    { url: await serve(t, 503, ''), app: 'Demo' },
    { url: await serve(t, 200, '<html/>'), app: 'Demo' },
    { url, app: 'Other' },
    { url: 'http://127.0.0.1:1/stat', app: 'Demo' },
  ]
  for (const trouble of troubles) {
    await assert.rejects(
      createNginxStat(trouble)(signal),
      (error) => isFault(error, 'CLOUD_UNREACHABLE') && error.retriable,
    )
  }
  await assert.rejects(createNginxStat({ url, app: 'Demo' })(AbortSignal.abort()), /cannot be reached/)
})
