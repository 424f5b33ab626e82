import type { JsonSchema } from '../../schemas/json-schema.ts'
import { openStandIn } from './ingest-stand-in.ts'

/** What `/openapi.json` of ingest answers. */
export const describeIngest = async (): Promise<JsonSchema> => {
  const { http, close } = await openStandIn()
  const answer = await http.inject('/openapi.json')
  await close()
  return answer.json<JsonSchema>()
}
