import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../runner/child.ts'

/** A web server with a page that uses the client as browsers do: built, as ES modules. */
export type ClientPage = { readonly url: string; readonly stop: () => Promise<void> }

const contentTypes: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

/** `page`: an HTML file, from the root of the project; the client's modules are in `client/` beside it. */
export const serveClientPage = async (page: string): Promise<ClientPage> => {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache', 'client-page-'))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['-p', join(root, 'services/edge/client'), '--outDir', folder, '--noCheck', '--declaration', 'false']
  await promisify(execFile)(process.execPath, [compiler, ...options], { timeout: 60_000 })

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname
    const file = path === '/' ? join(root, page) : join(folder, path.replace(/^\/client\//, ''))
    readFile(file).then(
      (content) => response.setHeader('content-type', contentTypes[extname(file)] ?? 'text/plain').end(content),
      () => response.writeHead(404).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it listens on a port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
