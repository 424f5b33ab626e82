import type { JsonSchema } from '../../schemas/json-schema.ts'
import { fullNames } from '../../schemas/types.generated.ts'

const text = (description: string): JsonSchema => ({ type: 'string', description })

const digits = (description: string): JsonSchema => ({ type: 'string', pattern: '^[0-9]+$', description })
const when = (description: string): JsonSchema => ({ type: 'string', format: 'date-time', description })

/** On a record that was replayed, and on a letter of it. */
export const replayOf: JsonSchema = {
  type: 'string',
  pattern: '^[^/]+/[0-9]+/[0-9]+$',
  description: 'of a replay: topic, partition and offset of the record that was given up',
}

const source = {
  'source-topic': text('where the record was'),
  'source-partition': digits('where the record was'),
  'source-offset': digits('where the record was'),
  reason: text('code and message of the fault; nothing of the content'),
  service: text('who gave it up'),
}

/** The headers of a dead letter. */
export const deadLetterHeaders: JsonSchema = {
  type: 'object',
  required: [...Object.keys(source), 'time'],
  properties: {
    ...source,
    time: when('when it was given up'),
    'source-time': { type: 'string', pattern: '^-?[0-9]+$', description: 'of the record, epoch milliseconds' },
    'source-key-base64': text('the key, where it is not UTF-8'),
    'source-key-bytes': digits('how long a key was that is left out'),
    'source-value-bytes': digits('how long a value was that is left out'),
    type: text(`as it was, for example ${Object.keys(fullNames)[0]}`),
    traceparent: text('as it was'),
    replayOf,
  },
}

/** The headers of the mark of a replay. */
export const replayMarkHeaders: JsonSchema = {
  type: 'object',
  required: [...Object.keys(source), 'time', 'replayed-to'],
  properties: {
    ...source,
    time: when('when it was replayed'),
    'replayed-to': { type: 'string', pattern: '^[^/]+/[0-9]+/[0-9]+$', description: 'topic, partition and offset' },
  },
}
