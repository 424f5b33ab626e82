/** A word of the video cloud, and the share of cases that get it: above 0, at most 1. */
export type Chance = { readonly word: string; readonly share: number }

/** What goes wrong in the simulated cloud; the shares of one action are at most 1 together. */
export type SimulatedFailures = {
  /** Of answers to StartMix; `NoAnswer`: none comes. */
  readonly start: readonly Chance[]
  /** Of answers to StopMix; `NoAnswer`: none comes. */
  readonly stop: readonly Chance[]
  /** Of pictures that were reported to be there. */
  readonly status: readonly (Chance & { readonly word: StatusWord })[]
}

export const noFailures: SimulatedFailures = { start: [], stop: [], status: [] }

/** The word for an answer that never comes. */
export const noAnswer = 'NoAnswer'

const statusWords = ['MainStreamNotExist', 'MixStreamNotExist', 'InternalError'] as const
export type StatusWord = (typeof statusWords)[number]

const entryForm = /^(start|stop|status):([A-Za-z][\w.]*)(?:@(\d*\.?\d+))?$/
const form = 'expected start:<word>, stop:<word> or status:<word>, each with @<share> or without, comma separated'
const toStatusWord = (word: string): StatusWord | undefined => statusWords.find((known) => known === word)
/** Shares are decimal fractions, and ten times 0.1 is a little less than 1. */
const roundingError = 1e-9

/**
 * Reads `start:InternalError@0.1,start:NoSuchStream@0.05,stop:InternalError,status:MainStreamNotExist@0.02`: a tenth of all starts
 * is answered InternalError, another twentieth NoSuchStream, each stop InternalError, and one picture in fifty loses its main stream.
 * No share means all. Gives the complaint, which repeats nothing of the text, when it is not so.
 */
export const parseSimulatedFailures = (text: string): SimulatedFailures | { readonly complaint: string } => {
  const chances: { start: Chance[]; stop: Chance[]; status: { word: StatusWord; share: number }[] } = {
    start: [],
    stop: [],
    status: [],
  }
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const [, action, word, written = '1'] = entryForm.exec(entry) ?? []
    if (action === undefined || word === undefined) return { complaint: form }
    const share = Number(written)
    if (share <= 0 || share > 1) return { complaint: 'a share is above 0 and at most 1' }
    if (action === 'status') {
      const statusWord = toStatusWord(word)
      if (statusWord === undefined) return { complaint: `a status is ${statusWords.join(', ')}` }
      chances.status.push({ word: statusWord, share })
    } else {
      chances[action === 'start' ? 'start' : 'stop'].push({ word, share })
    }
  }
  for (const some of Object.values(chances)) {
    if (new Set(some.map(({ word }) => word)).size < some.length) return { complaint: 'each word once per action' }
    const sum = some.reduce((total, { share }) => total + share, 0)
    if (sum > 1 + roundingError) return { complaint: 'the shares of an action are more than 1 together' }
  }
  return chances
}

/** The failure that a draw (0 ≤ draw < 1) hits; undefined: it goes well. */
export const drawFailure = <One extends Chance>(chances: readonly One[], draw: number): One['word'] | undefined => {
  let upTo = 0
  for (const { word, share } of chances) {
    upTo += share
    if (draw < upTo) return word
  }
  return undefined
}
