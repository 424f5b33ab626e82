import type { JsonSchema } from '../../schemas/json-schema.ts'
import { fullNames } from '../../schemas/types.generated.ts'

const text = (description: string): JsonSchema => ({ type: 'string', description })

/** The headers of a dead letter. */
export const deadLetterHeaders: JsonSchema = {
  type: 'object',
  required: ['source-topic', 'source-partition', 'source-offset', 'reason', 'service', 'time'],
  properties: {
    'source-topic': text('where the record was'),
    'source-partition': { type: 'string', pattern: '^[0-9]+$' },
    'source-offset': { type: 'string', pattern: '^[0-9]+$' },
    'source-time': text('of the record'),
    'source-key-base64': text('the key, where it is not UTF-8'),
    reason: text('code and message of the fault; nothing of the content'),
    service: text('who gave it up'),
    time: { type: 'string', format: 'date-time', description: 'when' },
    type: text(`as it was, for example ${Object.keys(fullNames)[0]}`),
    traceparent: text('as it was'),
  },
}
