// deadline: 300 s
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { root } from '../runner/child.ts'

const maxGzipBytes = 10 * 1024
const bin = join(root, 'node_modules', '.bin')
const env = { ...process.env, PATH: [dirname(process.execPath), bin, process.env['PATH'] ?? ''].join(delimiter) }

const run = async (cwd: string, command: string, ...args: readonly string[]): Promise<string> => {
  try {
    return (await promisify(execFile)(command, args, { cwd, env, timeout: 120_000 })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`, { cause: error })
  }
}

/** The package as `npm pack` makes it, installed without a network into an empty project. */
let folder: string
let installed: string

before(async () => {
  await mkdir(join(root, '.cache'), { recursive: true })
  // Inside the project, so that `prepack` finds the compiler; a copy, so that nothing is left beside the sources.
  folder = await mkdtemp(join(root, '.cache', 'client-'))
  const source = join(folder, 'source')
  await cp(join(root, 'services/edge/client'), source, {
    recursive: true,
    filter: (path) => !/\.test\.ts$|[\\/]dist$/.test(path),
  })
  await run(source, 'npm', 'pack', '--pack-destination', folder)
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? 'none'
  const project = join(folder, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), '{ "name": "app", "private": true, "type": "module" }')
  await run(project, 'npm', 'install', '--offline', '--no-audit', '--no-fund', join('..', tarball))
  installed = join(project, 'node_modules', '@roomcast', 'client')
})
after(() => rm(folder, { recursive: true, force: true }))

const project = (): string => join(folder, 'project')

test('it holds its code, its types, a README, the licence, and nothing else', async () => {
  const files = (await readdir(installed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(installed.length + 1))
  assert.deepEqual(files.filter((file) => !/^dist\/[\w-]+(\.generated)?\.(js|d\.ts)$/.test(file)).toSorted(), [
    'LICENSE',
    'README.md',
    'package.json',
  ])
  assert.ok(files.includes('dist/client.js') && files.includes('dist/client.d.ts'))
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >
  assert.equal(dependencies, undefined)
})

test('all its code is less than 10 KiB, compressed', async (t) => {
  const names = (await readdir(join(installed, 'dist'))).filter((name) => name.endsWith('.js'))
  const code = await Promise.all(names.map((name) => readFile(join(installed, 'dist', name))))
  const bytes = gzipSync(Buffer.concat(code)).length
  t.diagnostic(`${bytes} bytes`)
  assert.ok(bytes < maxGzipBytes, `${bytes} bytes`)
})

test('Node.js imports it by its name', async () => {
  const script = `
    import { connect, RoomcastError } from '@roomcast/client'
    const client = connect({ url: 'ws://127.0.0.1:1/', getToken: () => '' })
    const refused = client.subscribe('r1').catch((error) => error instanceof RoomcastError ? error.code : error)
    client.close()
    console.log(await refused)`
  assert.equal((await run(project(), process.execPath, '--input-type=module', '--eval', script)).trim(), 'closed')
})

/** What an app may write, and what the types must refuse. */
const app = `
import { connect, type Client, type PushEvent, type RoomView } from '@roomcast/client'
const client: Client = connect({ url: 'wss://edge.example/v1/ws', getToken: async () => 'token', WebSocket, windowBytes: 8192 })
const off: () => void = client.on('cohost-invited', ({ data, room, isIncluded }) => {
  const text: [string, string, boolean] = [data.inviterName, room, isIncluded]
  // @ts-expect-error -- an invite has no comment
  return [text, data.comment]
})
client.on('liked', ({ data }) => { const count: number = data.count ?? 1; return count })
client.on('push', (event: PushEvent) => { if (event.name === 'commented') { const text: string = event.data.comment; return text } return event.id })
client.on('gap', ({ dropped }) => { const n: number | null = dropped; return n })
// @ts-expect-error -- there is no such event
client.on('comented', () => {})
const view: RoomView | null = client.view('r1')
export const all = [off, view?.session?.inviterMixPlayUrls, (await client.subscribe('r1')).isRecovered]
`

for (const [name, options] of [
  ['bundler, in a browser', { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [] }],
  ['nodenext, in Node.js', { module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2022'], types: ['node'] }],
] as const) {
  test(`its types compile with moduleResolution ${name}`, async () => {
    const where = join(project(), name.replaceAll(/\W/g, ''))
    await mkdir(where)
    await writeFile(join(where, 'app.ts'), app)
    const compilerOptions = { ...options, target: 'es2022', strict: true, noEmit: true, skipLibCheck: false }
    const typeRoots = [join(root, 'node_modules', '@types')]
    const given = { compilerOptions: { ...compilerOptions, typeRoots }, include: ['app.ts'] }
    await writeFile(join(where, 'tsconfig.json'), JSON.stringify(given))
    await run(where, 'tsc', '-p', '.')
  })
}
