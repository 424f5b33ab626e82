import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson, writeJson } from './files.ts'

const Keys = z.object({ ingestApiKeys: z.string(), edgeJwtSecret: z.string() })

/** Development keys of local runs. */
export type Keys = Readonly<z.infer<typeof Keys>>

/** The keys of a DATA_DIR: made at first use, the same ever after, in keys.json that only its owner may read. */
export const obtainKeys = async (dataDir: string): Promise<Keys> => {
  const path = join(dataDir, 'keys.json')
  const kept = Keys.safeParse(await readJson(path))
  if (kept.success) return kept.data
  const keys = {
    ingestApiKeys: `local-${randomBytes(18).toString('base64url')}`,
    edgeJwtSecret: randomBytes(32).toString('base64url'),
  }
  await writeJson(path, keys)
  return keys
}
