import { collectOutput, start } from './child.ts'

/** A program whose exit code tells whether something is in order. */
export type Step = { readonly name: string; readonly command: readonly [string, ...string[]] }

/** Runs a step and prints one line for it, and what it said when it failed. Resolves to whether it succeeded. */
export const runStep = ({ name, command: [program, ...args] }: Step): Promise<boolean> =>
  new Promise((resolve) => {
    const startedAt = performance.now()
    const output = collectOutput()
    const child = start(program === 'node' ? process.execPath : program, args)
    child.stdout.setEncoding('utf8').on('data', output.add)
    child.stderr.setEncoding('utf8').on('data', output.add)
    child.once('error', (error) => output.add(error.message))
    child.once('close', (code) => {
      const isOk = code === 0
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      console.log(`${isOk ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${isOk ? '' : `\n${output.text().trimEnd()}`}`)
      resolve(isOk)
    })
  })
