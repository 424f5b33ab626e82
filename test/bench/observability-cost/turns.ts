import { recording } from './recording.ts'

/** What a process spent while it was in one mode, and how much it did: the calls of its metrics, which are the same in all modes. */
export type Spent = { readonly cpuMicroseconds: number; readonly calls: number }
/** By mode, in the order of `modes`. */
export type Block = readonly Spent[]

/** The first two are the same: what they differ by, nothing explains but chance. */
export const modes = [
  { name: 'metrics off', isOn: false },
  { name: 'metrics off, again', isOn: false },
  { name: 'metrics on', isOn: true },
] as const

const turnMs = 10
const turnsOfBlock = 200 * modes.length

/**
 * Lets the metrics of this process record by turns of 10 ms, so that whatever else happens on the machine, and however well the process
 * is compiled by now, falls on all modes alike. Each round of the modes begins with another one.
 * @returns ends it, and gives the blocks that are whole: of 200 turns of each mode
 */
export const takeTurns = (): (() => readonly Block[]) => {
  const blocks: Block[] = []
  let block = modes.map(() => ({ cpuMicroseconds: 0, calls: 0 }))
  let turn = 0
  let from = { usage: process.cpuUsage(), calls: recording.calls }

  const modeOf = (nth: number): number => ((nth % modes.length) + Math.floor(nth / modes.length)) % modes.length
  const begin = (): void => {
    recording.isOn = modes[modeOf(turn)]?.isOn ?? false
    from = { usage: process.cpuUsage(), calls: recording.calls }
  }
  const next = (): void => {
    const { user, system } = process.cpuUsage(from.usage)
    const spent = block[modeOf(turn)]
    if (spent !== undefined) {
      spent.cpuMicroseconds += user + system
      spent.calls += recording.calls - from.calls
    }
    turn += 1
    if (turn % turnsOfBlock === 0) {
      blocks.push(block)
      block = modes.map(() => ({ cpuMicroseconds: 0, calls: 0 }))
    }
    begin()
  }
  begin()
  const timer = setInterval(next, turnMs)
  return () => {
    clearInterval(timer)
    recording.isOn = true
    return blocks
  }
}
