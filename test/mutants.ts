// Mutation testing of the decision core: `make mutants`. Every small change of services/state-machine/domain should make an
// example fail; the ones that do not are listed, and fewer than 90 of 100 caught is a failure (stryker.config.json).
// `node test/mutants.ts <file> …` tries the mutants of these files alone.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { MutantResult } from '@stryker-mutator/api/core'
import { Stryker } from '@stryker-mutator/core'

/** The code that a mutant replaces; of several lines the first. */
const originalOf = ({ fileName, location: { start, end } }: MutantResult): string => {
  const [first = '', ...others] = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line)
  return others.length === 0 ? first.slice(start.column - 1, end.column - 1) : `${first.slice(start.column - 1)} …`
}

const describeMutant = (mutant: MutantResult): string => {
  const { fileName, location, mutatorName, replacement, status } = mutant
  const place = `${relative(process.cwd(), fileName)}:${location.start.line}:${location.start.column}`
  return `${place} ${status} ${mutatorName}: ${originalOf(mutant)} → ${replacement.replaceAll(/\s+/g, ' ')}`
}

const startedAt = performance.now()
const chosen = process.argv.slice(2)
const results = await new Stryker(chosen.length > 0 ? { mutate: chosen } : {}).runMutationTest()
const having = (...statuses: readonly MutantResult['status'][]): readonly MutantResult[] =>
  results.filter(({ status }) => statuses.includes(status))

const survivors = having('Survived', 'NoCoverage')
for (const survivor of survivors) console.log(describeMutant(survivor))
const [killed, timedOut] = [having('Killed').length, having('Timeout').length]
const score = (100 * (killed + timedOut)) / (killed + timedOut + survivors.length)
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
console.log(
  `mutants: ${killed} killed, ${timedOut} timed out, ${survivors.length} survived, ${having('Ignored').length} excluded: ` +
    `${score.toFixed(1)} % caught in ${seconds} s`,
)
