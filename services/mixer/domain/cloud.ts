import type { RecordOf, StartMix, StopMix } from '../../../schemas/types.generated.ts'

/** A command of `mix.command.v1`. */
export type MixCommand = RecordOf<'StartMix' | 'StopMix'>

/** What the video cloud said to a command. A refusal is an answer, with the cloud's own word for it. */
export type MixAnswer =
  | { readonly accepted: true; readonly streamNames: readonly string[] }
  | { readonly accepted: false; readonly error: string; readonly message: string }

/**
 * The mixing of a video cloud, as far as roomcast uses it. What every implementation promises is written down as tests in
 * test/contract/mix-cloud.ts:
 *
 * - Both are safe to repeat: starting what runs and stopping what does not run are accepted.
 * - An accepted start lists the streams in which the mix will appear; it says nothing of the picture yet.
 * - When the cloud cannot be reached or does not answer, the promise rejects; `retriable` on the error tells whether trying
 *   again makes sense.
 * - When the signal aborts, the promise rejects soon; whether the cloud has carried out the command is then unknown.
 */
export type MixCloud = {
  readonly startMix: (command: StartMix, signal: AbortSignal) => Promise<MixAnswer>
  readonly stopMix: (command: StopMix, signal: AbortSignal) => Promise<MixAnswer>
}
