import { createSchemaChecks, readDocument, valueAt } from './published-schemas.ts'

const name = 'asyncapi-websocket.generated.json'

type Check = (value: unknown) => void

/** By what an object says of itself: `op connected`, `type 17`. */
const readChecks = (): ReadonlyMap<string, Check> => {
  const messages = valueAt(readDocument(name), 'channels', 'edge', 'messages') ?? {}
  const checkAt = createSchemaChecks(name)
  return new Map(
    Object.entries(messages).map(([message, described]) => {
      const op = valueAt(described, 'payload', 'properties', 'op', 'const')
      const type = valueAt(described, 'payload', 'properties', 'type', 'const')
      return [kindOf(op === undefined ? { type } : { op }), checkAt(`/channels/edge/messages/${message}/payload`)]
    }),
  )
}

let checks: ReadonlyMap<string, Check> | undefined

const kindOf = (line: object): string =>
  'op' in line ? `op ${String(line.op)}` : 'type' in line ? `type ${String(line.type)}` : '?'

/** Throws when an object of the WebSocket protocol is not as published: unknown, or with other fields. */
export const checkLine = (line: object): void => {
  checks ??= readChecks()
  const check = checks.get(kindOf(line))
  if (check === undefined) throw new Error(`docs/${name} does not know ${JSON.stringify(line)}`)
  check(line)
}
