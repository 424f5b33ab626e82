// Writes the documents that follow from the code: AsyncAPI, OpenAPI, the page of settings. With --check it writes nothing and fails when a
// file is not what it would write. Nothing is started for it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describeKafka } from './asyncapi-kafka.ts'
import { describeWebSocket } from './asyncapi-websocket.ts'
import { createConfigurationPage } from './configuration-page.ts'
import { describeAdmin } from './openapi-admin.ts'
import { describeEdgeHttp } from './openapi-edge.ts'
import { describeIngest } from './openapi-ingest.ts'

const json = (document: object): string => `${JSON.stringify(document, null, 2)}\n`

/** By the name in docs/. */
const documents: Readonly<Record<string, () => string | Promise<string>>> = {
  'asyncapi-kafka.generated.json': () => json(describeKafka()),
  'asyncapi-websocket.generated.json': () => json(describeWebSocket()),
  'openapi-ingest.generated.json': async () => json(await describeIngest()),
  'openapi-edge.generated.json': () => json(describeEdgeHttp()),
  'openapi-admin.generated.json': () => json(describeAdmin()),
  'configuration.generated.md': createConfigurationPage,
}

const main = async (check: boolean): Promise<number> => {
  let stale = 0
  for (const [name, create] of Object.entries(documents)) {
    const url = new URL(`../${name}`, import.meta.url)
    const content = await create()
    if (!check) writeFileSync(url, content)
    else if (!existsSync(url) || readFileSync(url, 'utf8') !== content) {
      stale += 1
      console.error(`docs/${name} is not what the code says: run 'make generate' and commit the result`)
    }
  }
  return stale
}

process.exitCode = await main(process.argv.includes('--check'))
