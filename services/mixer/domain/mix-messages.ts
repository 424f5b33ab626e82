import type { MixReport } from './mix-life.ts'

/** Why a mix ended by itself. */
export type MixFailure = 'encoder-ended' | 'encoder-stalled' | 'main-unreadable' | 'other-unreadable' | 'too-long'

/** What a status callback says to people. */
export const messageOf: Readonly<Record<MixReport | MixFailure, string>> = {
  Success: '',
  MainStreamNotExist: 'the main stream does not exist any more',
  MixStreamNotExist: 'the other stream does not exist any more',
  'encoder-ended': 'the encoder ended by itself',
  'encoder-stalled': 'the encoder takes no frames any more',
  'main-unreadable': 'the main stream flows but cannot be read',
  'other-unreadable': 'the other stream flows but cannot be read',
  'too-long': 'the mix ran for the longest time that is allowed',
}
