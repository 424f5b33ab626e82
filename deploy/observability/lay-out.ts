import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeJson, writeWhole } from '../local/files.ts'
import { scaleDurations } from './scale-durations.ts'

/** Where Prometheus finds things: job → `host:port` of each instance. */
export type Targets = Readonly<Record<string, readonly string[]>>

const here = import.meta.dirname
const rulesEnd = '.rules.yml'

/** The files of rules, by name. */
export const listRuleFiles = async (): Promise<readonly string[]> =>
  (await readdir(join(here, 'rules'))).filter((name) => name.endsWith(rulesEnd)).toSorted()

/**
 * Puts the configuration of Prometheus and Alertmanager, the rules and the targets side by side into a folder, as prometheus.yml expects
 * them. What an earlier call left there of these is gone.
 * @param scale of every pause (`for`, intervals); expressions are never changed
 */
export const layOut = async ({
  folder,
  targets,
  scale,
}: {
  readonly folder: string
  readonly targets: Targets
  readonly scale: number
}): Promise<void> => {
  for (const part of ['rules', 'targets']) await rm(join(folder, part), { recursive: true, force: true })
  const ruleFiles = (await listRuleFiles()).map((name) => join('rules', name))
  for (const file of ['prometheus.yml', 'alertmanager.yml', ...ruleFiles]) {
    await writeWhole(join(folder, file), scaleDurations(await readFile(join(here, file), 'utf8'), scale))
  }
  for (const [job, addresses] of Object.entries(targets)) {
    await writeJson(join(folder, 'targets', `${job}.json`), [{ targets: addresses }])
  }
}
