import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { misbehave } from './misbehaviour.ts'
import type { Misbehaviour } from './misbehaviour.ts'
import { createRpcGuard } from './rpc-signature.ts'
import type { RpcCredentials } from './rpc-signature.ts'
import { createVendorMixes, vendorRefusal } from './vendor-mixes.ts'
import type { Repeats, VendorAnswer, VendorCall } from './vendor-mixes.ts'

/** What the server does with a call that is signed well. */
export type Behaviour =
  /** The command is carried out, and answered when `isAnswered` resolves; with false the connection is cut instead. */
  | { readonly kind: 'carry-out'; readonly isAnswered?: Promise<boolean> }
  /** Nothing is carried out; an error with the vendor's word, by default with HTTP status 400. */
  | { readonly kind: 'error'; readonly code: string; readonly message?: string; readonly status?: number }
  | Misbehaviour

/** A local HTTP server in the place of the vendor's API, which checks the signature of every request. */
export type VendorServer = {
  readonly url: string
  /** Main stream → the stream mixed into it. */
  readonly mixes: ReadonlyMap<string, string>
  /** Those signed well; `changed`: it was carried out and a mix has begun, changed or ended by it. */
  readonly calls: ReadonlyArray<VendorCall & { readonly changed: boolean }>
  /** The words with which requests were turned away because of their signature. */
  readonly turnedAway: readonly string[]
  /** Every signature that came. */
  readonly signatures: readonly string[]
  readonly openConnections: () => number
  /** Open ones and former ones. */
  readonly takenConnections: () => number
  readonly close: () => Promise<void>
}

export const vendorCredentials: RpcCredentials = { accessKeyId: 'LTAItestkey', accessKeySecret: 'test & secret/+=' }

/** @param behave what to do with the nth call (from 1); by default every command is carried out */
export const startVendorServer = async ({
  behave = () => ({ kind: 'carry-out' }),
  repeats = 'accepted',
  credentials = vendorCredentials,
}: {
  readonly behave?: (nth: number, call: VendorCall) => Behaviour
  readonly repeats?: Repeats
  readonly credentials?: RpcCredentials
} = {}): Promise<VendorServer> => {
  const { mixes, carryOut } = createVendorMixes(repeats)
  const calls: Array<VendorCall & { readonly changed: boolean }> = []
  const turnedAway: string[] = []
  const signatures: string[] = []
  const guard = createRpcGuard(credentials, '2016-11-01')

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '' } = request
    const parameters = await readParameters(request)
    if (parameters['Signature'] !== undefined) signatures.push(parameters['Signature'])
    const refused = guard(method, parameters, Date.now())
    if (refused !== undefined) {
      turnedAway.push(refused.code)
      return send(response, vendorRefusal(refused.status, refused.code, refused.message))
    }
    const call = { method, action: parameters['Action'] ?? '', parameters }
    const behaviour = behave(calls.length + 1, call)
    if (behaviour.kind === 'carry-out') {
      const answer = carryOut(call)
      calls.push({ ...call, changed: answer.changed })
      if ((await behaviour.isAnswered) === false) request.socket.destroy()
      else send(response, answer)
      return
    }
    calls.push({ ...call, changed: false })
    if (behaviour.kind === 'error') {
      const { status = 400, code, message = `says ${code}` } = behaviour
      return send(response, vendorRefusal(status, code, message))
    }
    misbehave(behaviour, request, response)
  }

  const server = createServer((request, response) => {
    // What a client cuts short is its own affair.
    take(request, response).catch(() => request.socket.destroy())
  })
  let open = 0
  let taken = 0
  server.on('connection', (socket) => {
    open++
    taken++
    socket.on('close', () => open--)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the vendor server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    mixes,
    calls,
    turnedAway,
    signatures,
    openConnections: () => open,
    takenConnections: () => taken,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const send = (response: ServerResponse, { status, body }: VendorAnswer): void => {
  response.writeHead(status, { 'content-type': 'application/json;charset=utf-8' })
  response.end(JSON.stringify(body))
}

/** Of a GET in the query, of a POST in the form that is its body. */
const readParameters = async (request: IncomingMessage): Promise<Readonly<Record<string, string>>> => {
  let form = (request.url ?? '').split('?', 2)[1] ?? ''
  if (request.method === 'POST') {
    form = ''
    for await (const chunk of request.setEncoding('utf8')) form += String(chunk)
  }
  return Object.fromEntries(new URLSearchParams(form))
}
