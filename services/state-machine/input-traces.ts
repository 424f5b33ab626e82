import type { Room } from '../../schemas/types.generated.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { traceparentIn } from '../shared/tracing/context.ts'
import type { Span, Tracing } from '../shared/tracing/tracing.ts'
import type { Decision, Input, Output } from './domain/decide.ts'

/** The contexts of what one task decides. The decision itself knows nothing of them. */
export type InputTraces = {
  /** An input is taken up: gives the context of what it will write; undefined: there is none. */
  readonly begin: (message: IncomingMessage, input: Input) => string | undefined
  /** The newest input could not be decided. */
  readonly gaveUp: () => void
  /** What a decision wrote carries this context. */
  readonly follow: (traceparent: string, input: Input, decision: Decision) => void
  /** The contexts of the outputs of this batch. */
  readonly contexts: () => ReadonlyMap<Output, string>
  /** The transaction of this batch begins. */
  readonly commit: (transaction: { readonly inputs: number; readonly outputs: number }) => void
  /** The batch is over: its spans end, with the failure if there was one. Does nothing when none are open. */
  readonly end: (failure?: unknown) => void
  /** The context of a message to another room, until it is sent. After a restart it is not known any more. */
  readonly contextOf: (peerMessageId: string) => string | undefined
  readonly sent: (peerMessageId: string) => void
}

const noContexts: ReadonlyMap<Output, string> = new Map()

/**
 * The span of an input ends with its transaction, and says whether that was committed: what was decided, and aborted, is decided again
 * by whoever reads the input next, in a span of its own. Its size is bounded by a batch and by what the outbox holds.
 */
export const createInputTraces = ({
  tracing,
  topic,
  partition,
  group,
}: {
  tracing: Tracing
  topic: string
  partition: number
  group: string
}): InputTraces => {
  /** Contexts of messages to other rooms, by their ids. */
  const peers = new Map<string, string>()
  let outputs: Map<Output, string> | undefined
  let open: Span[] = []
  let transaction: Span | undefined
  let newest: Span | undefined

  return {
    begin: (message, input) => {
      const came = traceparentIn(message.headers)
      newest = undefined
      if (!tracing.isOn) return came
      const { type, record } = input
      // Nobody has caused a deadline: a trace of its own begins.
      const options = { isRoot: type === 'TimerFired' }
      newest = tracing.process(message, { type, roomId: record.roomId, group }, came, options)
      if (newest === undefined) return came
      open.push(newest)
      return newest.traceparent
    },
    gaveUp: () => {
      newest?.end('DECISION_FAILED')
      open = open.filter((span) => span !== newest)
    },
    follow: (traceparent, { record: { eventId } }, { room, outputs: written }) => {
      outputs ??= new Map()
      for (const output of written) outputs.set(output, traceparent)
      for (const message of newMessages(room, eventId)) peers.set(message.eventId, traceparent)
    },
    contexts: () => outputs ?? noContexts,
    commit: (numbers) => {
      if (open.length > 0) transaction = tracing.commit({ topic, partition, ...numbers }, open)
    },
    end: (failure) => {
      transaction?.end(failure)
      for (const span of open) span.end(failure)
      transaction = undefined
      outputs = undefined
      open = []
    },
    contextOf: (id) => peers.get(id),
    sent: (id) => void peers.delete(id),
  }
}

/** The messages to other rooms that an input has put into the outbox: their ids derive from its id. */
const newMessages = (room: Room | null, inputId: string): Room['outbox'] =>
  room === null ? [] : room.outbox.filter(({ eventId }) => eventId.startsWith(`${inputId}.`))
