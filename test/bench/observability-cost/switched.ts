import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isPresent } from '../../../deploy/local/files.ts'
import { waitUntil } from '../../../deploy/local/wait.ts'
import type { Figures, PartOptions } from '../part.ts'
import type { Seat } from './slices.ts'
import { modes, type Block } from './turns.ts'
import { metricsOff, reportVariable, type Variant } from './variants.ts'

const reportWithinMs = 10_000

/**
 * Measures one process, whose metrics are switched on and off by turns while it works.
 * @param open starts a process of that variant, and closes it when `use` is through
 * @param times how often it is given its work
 * @returns for each mode, by blocks of turns, the processor time for as much work as calls its metrics a million times
 */
export const measureSwitched = async (
  { say, signal }: PartOptions,
  times: number,
  open: (variant: Variant, use: (seats: readonly Seat[]) => Promise<void>) => Promise<void>,
): Promise<ReadonlyMap<{ readonly name: string }, readonly Figures[]>> => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-switched-'))
  const report = join(folder, 'spent.json')
  const env = { ...metricsOff, [reportVariable]: report }
  try {
    say('one process, with and without metrics by turns …')
    await open({ name: 'switched', env, hasMetrics: true, sampledShare: null }, async ([seat]) => {
      if (seat === undefined) throw new Error('there is no process')
      await seat.work()
      process.kill(seat.pid, 'SIGUSR2')
      for (let nth = 1; nth <= times; nth++) {
        signal.throwIfAborted()
        await seat.work()
        say(`work ${nth} of ${times}`)
      }
      process.kill(seat.pid, 'SIGUSR2')
      const isWritten = await waitUntil(() => isPresent(report), { deadlineMs: reportWithinMs, signal })
      if (!isWritten) throw new Error('the process does not write what it spent')
    })
    // A decoding edge: written by metrics-switch.ts.
    const blocks = JSON.parse(await readFile(report, 'utf8')) as readonly Block[]
    return new Map(modes.map((mode, index) => [mode, blocks.map((block) => figuresOf(block[index]))]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const figuresOf = (spent: Block[number] | undefined): Figures => {
  const { cpuMicroseconds = 0, calls = 0 } = spent ?? {}
  return { cpuPerMillion: cpuMicroseconds / calls, cpuSeconds: cpuMicroseconds / 1e6, calls }
}
