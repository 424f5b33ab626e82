import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../../deploy/RUNBOOK.md')

export const readRunbook = (): Promise<string> => readFile(file, 'utf8')

/** The first paragraph under an alert's heading; undefined where there is no such heading. */
export const findMeaning = (runbook: string, alert: string): string | undefined => {
  const [, section] = runbook.split(`\n### ${alert}\n`)
  const [paragraph = ''] = section?.trim().split('\n\n') ?? []
  return section === undefined ? undefined : paragraph.replaceAll(/\s+/g, ' ').replace(/^\*\*Means\*\* /, '')
}
