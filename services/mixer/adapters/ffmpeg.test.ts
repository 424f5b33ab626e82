import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createStartFfmpeg } from './ffmpeg.ts'
import type { FfmpegOptions, StartFfmpeg } from './ffmpeg.ts'
import { framesOf } from './ffmpeg-encoder.ts'
import { reasonOf } from './ffmpeg-reader.ts'
import { createStderrTail } from './ffmpeg-stderr.ts'

/** Starts a shell script in the place of ffmpeg. */
const withScript = async (
  t: TestContext,
  script: string,
  options: Partial<FfmpegOptions> = {},
): Promise<StartFfmpeg> => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-ffmpeg-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'ffmpeg'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'ffmpeg'), 0o755)
  return createStartFfmpeg({
    searchPath: `${folder}:${process.env['PATH'] ?? ''}`,
    mark: '/the/folder',
    maxMemoryBytes: 300 * 2 ** 20,
    maxCpuSeconds: 61.5,
    ...options,
  })
}

test('a process has its limits and its mark, and nothing else of the environment', async (t) => {
  process.env['OF_THE_TEST'] = 'secret'
  t.after(() => delete process.env['OF_THE_TEST'])
  const start = await withScript(t, 'ulimit -v; ulimit -t; ulimit -c; nice; env')
  const started = start([], 1)
  const [memory, cpu, core, niceness, ...environment] = (await text(started.pipe(1))).trim().split('\n')
  assert.deepEqual([memory, cpu, core], [String(300 * 1024), '62', '0'])
  assert.equal(Number(niceness), Math.min(getPriority() + 5, 19))
  assert.ok(environment.includes('ROOMCAST_MIXER=/the/folder'))
  assert.ok(!environment.some((line) => line.startsWith('OF_THE_TEST')))
  assert.match(await started.ended, /^exit code 0: /)
})

test('arguments and pipes arrive as they were given', async (t) => {
  const start = await withScript(t, 'shift 5; printf "%s|" "$@" >&3; cat <&4 >&1')
  const started = start(['a b', '$c', ''], 3)
  started.pipe(4).end('hello')
  assert.equal(await text(started.pipe(3)), 'a b|$c||')
  assert.equal(await text(started.pipe(1)), 'hello')
  assert.match(await started.ended, /^exit code 0/)
})

test('the end tells how, and what was said last', async (t) => {
  const start = await withScript(t, 'echo first >&2; echo rtmp://host/app/room?auth_key=1-0-0-abc failed >&2; exit 3')
  const started = start([], 1)
  started.pipe(1).resume()
  assert.equal(await started.ended, 'exit code 3: first | rtmp://host/app/room?… failed')
})

test('without a limit there is no process', async (t) => {
  const start = await withScript(t, 'echo ran', { maxMemoryBytes: NaN })
  const started = start([], 1)
  assert.equal(await text(started.pipe(1)), '')
  assert.match(await started.ended, /^exit code [12]: /)
})

test('a search path that leads nowhere ends at once', async () => {
  const start = createStartFfmpeg({ searchPath: '/nowhere', mark: '/m', maxMemoryBytes: 2 ** 30, maxCpuSeconds: 60 })
  assert.match(await start([], 1).ended, /ENOENT|not found/)
})

test('of much that is said only the end is kept, on one line, and no key', () => {
  const tail = createStderrTail()
  for (let index = 0; index < 1000; index++)
    tail.add(Buffer.from(`line ${index} of rtmp://h/a?auth_key=secret${index}\n`))
  assert.ok(tail.text().length <= 2_000)
  assert.ok(tail.text().endsWith('line 999 of rtmp://h/a?…'))
  assert.ok(!/secret|\d{4}/.test(tail.text()))
})

test('of an address that is too long the rest is not taken for anything else', () => {
  const tail = createStderrTail()
  tail.add(Buffer.from(`rtmp://h/a?auth_key=${'s'.repeat(5_000)} failed\n`))
  assert.equal(tail.text(), 'failed')
})

test('the reason of an end is read from what was said', () => {
  assert.equal(reasonOf('exit code 1: [rtmp @ 0x5] Server error: No such stream | …'), 'no-stream')
  assert.equal(reasonOf("exit code 1: Stream map '0:a:0' matches no streams. | …"), 'no-audio')
  assert.equal(reasonOf("exit code 1: Stream map '0:v:0' matches no streams. | …"), 'no-video')
  assert.equal(reasonOf('SIGKILL: '), 'failed')
})

test('the count of frames is the newest of a report', () => {
  assert.equal(framesOf('frame=3\nfps=0\nprogress=continue\nframe= 12\nfps=15.1\n'), 12)
  assert.equal(framesOf('fps=15\ndrop_frames=4\n'), undefined)
})
