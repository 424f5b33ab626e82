import { readFile } from 'node:fs/promises'
import { request, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** A registry that is reached by TLS alone, and by one user alone: a proxy before one that asks for neither. */
export type SecuredRegistry = {
  /** The environment of a service that is this user. */
  readonly environment: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

const username = 'registry-user'
/** With characters that mean something in a URL. */
const password = 'p@ss/w:rd%'
const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** @param certFile of `localhost`, signed by the authority in `caFile` */
export const startSecuredRegistry = async ({
  registryUrl,
  caFile,
  certFile,
  keyFile,
}: {
  readonly registryUrl: string
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}): Promise<SecuredRegistry> => {
  const behind = new URL(registryUrl)
  const pass: RequestListener = (incoming, outgoing) => {
    if (incoming.headers.authorization !== expected) {
      outgoing.writeHead(401, { 'content-type': 'application/json' }).end('{"error_code":401,"message":"Unauthorized"}')
      return
    }
    const { method, headers, url } = incoming
    const { hostname, port } = behind
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.once('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }
  const server = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, pass)
  server.listen(0)
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what address() is for a TCP server
  const { port } = server.address() as AddressInfo
  return {
    environment: {
      SCHEMA_REGISTRY_URL: `https://localhost:${port}${behind.pathname}`,
      SCHEMA_REGISTRY_USERNAME: username,
      SCHEMA_REGISTRY_PASSWORD: password,
      NODE_EXTRA_CA_CERTS: caFile,
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
