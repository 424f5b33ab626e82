import { createSchemaChecks, escapePointer, readDocument, valueAt } from './published-schemas.ts'

export type HttpAnswer = {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly status: number
  readonly contentType: string | null
  readonly body: string
}

type Published = 'openapi-ingest.generated.json' | 'openapi-edge.generated.json' | 'openapi-admin.generated.json'

/** Whether a path is one of a template, as `/requests/{requestId}`. */
const isOf = (template: string, path: string): boolean => {
  const [wanted, given] = [template.split('/'), path.split('/')]
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith('{') || part === given[at])
}

/** Gives a check of answers by an OpenAPI document. It throws when path, method, status, type or body is not as published. */
export const createAnswerCheck = (name: Published): ((answer: HttpAnswer) => void) => {
  const document = readDocument(name)
  const checkAt = createSchemaChecks(name)
  const templates = Object.keys(valueAt(document, 'paths') ?? {})
  return ({ method, path, status, contentType, body }) => {
    const told = `${method} ${path} with ${status}`
    const template = templates.find((one) => isOf(one, path))
    const verb = method.toLowerCase()
    const inline = valueAt(document, 'paths', template ?? '', verb, 'responses', String(status))
    if (template === undefined || inline === undefined) throw new Error(`docs/${name} does not know ${told}`)
    const ref = valueAt(inline, '$ref')
    const base =
      typeof ref === 'string' ? ref.slice(1) : `/paths/${escapePointer(template)}/${verb}/responses/${status}`
    const response = base
      .slice(1)
      .split('/')
      .map(unescape)
      .reduce<unknown>((at, key) => valueAt(at, key), document)
    const content = valueAt(response, 'content')
    if (content === undefined) return
    const type = (contentType ?? '').replace(/;.*/, '')
    if (valueAt(content, type) === undefined)
      throw new Error(`docs/${name} has no ${type || 'body without type'} for ${told}`)
    if (type === 'application/json') checkAt(`${base}/content/${escapePointer(type)}/schema`)(JSON.parse(body))
  }
}

const unescape = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
