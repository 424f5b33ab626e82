import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeJson, writeWhole } from '../local/files.ts'
import { createRunbookPage } from './runbook-page.ts'
import { scaleDurations } from './scale-durations.ts'

/** Where Prometheus finds things: job → `host:port` of each instance. */
export type Targets = Readonly<Record<string, readonly string[]>>

const here = import.meta.dirname
const rulesEnd = '.rules.yml'

/** The files of rules, by name. */
export const listRuleFiles = async (): Promise<readonly string[]> =>
  (await readdir(join(here, 'rules'))).filter((name) => name.endsWith(rulesEnd)).toSorted()

/** Where Prometheus serves the files of its --web.user-assets. */
export const assetsPath = '/user'
export const assetsFolder = 'assets'
const runbookFile = 'runbook.html'

/**
 * Puts the configuration of Prometheus and Alertmanager, the rules and the targets side by side into a folder, as prometheus.yml expects
 * them, and the runbook as a page, to which alerts link. What an earlier call left there of these is gone.
 * @param prometheusUrl where this Prometheus will be, and with it the runbook
 * @param scale of every pause (`for`, intervals); expressions are never changed
 */
export const layOut = async ({
  folder,
  targets,
  prometheusUrl,
  scale,
}: {
  readonly folder: string
  readonly targets: Targets
  readonly prometheusUrl: string
  readonly scale: number
}): Promise<void> => {
  for (const part of ['rules', 'targets']) await rm(join(folder, part), { recursive: true, force: true })
  const ruleFiles = (await listRuleFiles()).map((name) => join('rules', name))
  for (const file of ['prometheus.yml', 'alertmanager.yml', ...ruleFiles]) {
    const text = scaleDurations(await readFile(join(here, file), 'utf8'), scale)
    const linked = text.replace(/^( {4}runbook:) .*$/m, `$1 ${prometheusUrl}${assetsPath}/${runbookFile}`)
    await writeWhole(join(folder, file), linked)
  }
  const runbook = await readFile(join(here, '..', 'RUNBOOK.md'), 'utf8')
  await writeWhole(join(folder, assetsFolder, runbookFile), createRunbookPage(runbook))
  for (const [job, addresses] of Object.entries(targets)) {
    await writeJson(join(folder, 'targets', `${job}.json`), [{ targets: addresses }])
  }
}
