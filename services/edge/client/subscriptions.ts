import type { ClientEvents, Subscribed } from './client-events.ts'
import type { Connection, Question } from './connection.ts'
import type { Emitter } from './emitter.ts'
import { RoomcastError } from './error.ts'
import type { RoomView } from './room-view.ts'
import { createRoom, type Room } from './room.ts'
import type { Uplink, UplinkEvents } from './uplink.ts'

/** The rooms of a client, and over which connection each of them comes. */
export type Subscriptions = {
  readonly isAny: () => boolean
  readonly add: (room: string) => Promise<Subscribed>
  readonly remove: (room: string) => void
  readonly view: (room: string) => RoomView | null
  /** Asks a new connection for every room. */
  readonly moveTo: (connection: Connection) => void
  /** Rejects what waits, and everything from then on. */
  readonly end: (error: RoomcastError) => void
  readonly events: Pick<UplinkEvents, 'subscribed' | 'unsubscribed' | 'refused' | 'pushed' | 'gap'>
}

type Subscription = {
  readonly room: Room
  readonly agreed: Promise<Subscribed>
  readonly agree: (subscribed: Subscribed) => void
  readonly refuse: (error: RoomcastError) => void
  /** The edge agreed to it once. */
  isAgreed: boolean
  /** Whose messages count. */
  source: Connection | null
  /** A subscribe that was not answered yet. */
  asking: { readonly connection: Connection; readonly question: Question } | null
}

const forbidden = 403
/** Comments and likes; of these an edge may leave some out, or make one of many. */
const firstLossyWeight = 8

export const createSubscriptions = ({
  emit,
  connections,
  settled,
}: {
  emit: Emitter<ClientEvents>['emit']
  connections: Uplink['connections']
  settled: Uplink['settled']
}): Subscriptions => {
  const rooms = new Map<string, Subscription>()
  let ended: RoomcastError | null = null

  const ask = (subscription: Subscription, connection: Connection): void => {
    const { room } = subscription
    const question: Question = { op: 'subscribe', room: room.id, resume: room.resume() }
    subscription.asking = { connection, question }
    connection.ask(question)
  }

  const settleIfDone = (): void => {
    for (const { asking } of rooms.values()) if (asking !== null) return
    settled()
  }

  const drop = (subscription: Subscription, code: number, message: string): void => {
    const room = subscription.room.id
    rooms.delete(room)
    if (subscription.isAgreed) emit('unsubscribed', { room, code, message })
    else subscription.refuse(new RoomcastError(code, message))
  }

  /** The subscription of a room, if this connection is the one that brings it. */
  const from = (connection: Connection, line: { room: string; weight: number }): Subscription | undefined => {
    const subscription = rooms.get(line.room)
    if (subscription?.source !== connection) return undefined
    const { asking } = subscription
    // The next connection goes on where this one was when it was asked. Of what may come from both, signals are told apart by
    // their positions; what may be left out or made one of many is not, and comes from one alone.
    const isLeft = asking !== null && asking.connection !== connection && line.weight >= firstLossyWeight
    return isLeft ? undefined : subscription
  }

  return {
    isAny: () => rooms.size > 0,
    add: (id) => {
      if (ended !== null) return Promise.reject(ended)
      const known = rooms.get(id)
      if (known !== undefined) return known.agreed
      const subscription = newSubscription(id)
      rooms.set(id, subscription)
      const connection = connections().at(-1)
      if (connection !== undefined) ask(subscription, connection)
      return subscription.agreed
    },
    remove: (id) => {
      const subscription = rooms.get(id)
      if (subscription === undefined) return
      rooms.delete(id)
      abandon(subscription, new RoomcastError('unsubscribed', `room ${id} was unsubscribed`))
      for (const connection of connections()) connection.ask({ op: 'unsubscribe', room: id })
      settleIfDone()
    },
    view: (id) => rooms.get(id)?.room.view() ?? null,
    moveTo: (connection) => {
      for (const subscription of rooms.values()) ask(subscription, connection)
      settleIfDone()
    },
    end: (error) => {
      ended ??= error
      for (const subscription of rooms.values()) {
        if (error.code === 'closed') abandon(subscription, error)
        else subscription.refuse(error)
      }
      rooms.clear()
    },
    events: {
      subscribed: (connection, question, { room, epoch, positions, recovered = null, op }) => {
        const subscription = rooms.get(room)
        // An answer to what is not wanted any more, or was asked again.
        if (subscription?.asking?.question !== question) return
        const subscribed = { room, epoch, positions, isRecovered: recovered }
        subscription.asking = null
        subscription.source = connection
        subscription.isAgreed = true
        subscription.room.subscribed({ op, room, epoch, positions, ...(recovered === null ? {} : { recovered }) })
        subscription.agree(subscribed)
        emit('subscribed', subscribed)
        settleIfDone()
      },
      unsubscribed: (connection, room) => {
        const subscription = rooms.get(room)
        if (subscription?.source !== connection) return
        drop(subscription, forbidden, `the token does not allow room ${room} any more`)
      },
      refused: (_, question, { code, message }) => {
        if (question?.op !== 'subscribe') return emit('error', new RoomcastError(code, message))
        const subscription = rooms.get(question.room)
        if (subscription?.asking?.question !== question) return // not wanted any more
        drop(subscription, code, message)
        settleIfDone()
      },
      pushed: (connection, line) => {
        const subscription = from(connection, line)
        if (subscription === undefined) return
        const { room } = subscription
        const before = room.view()
        const event = room.take(line)
        if (event === null) return
        emit(event.name, event)
        emit('push', event)
        const view = room.view()
        if (view !== null && view !== before) emit('room-changed', { room: room.id, view })
      },
      gap: (connection, line) => {
        if (from(connection, line) === undefined) return
        emit('gap', { room: line.room, weight: line.weight, dropped: line.dropped ?? null })
      },
    },
  }
}

/** Rejects what the caller itself has ended; it need not be told when it did not wait. */
const abandon = ({ agreed, refuse }: Subscription, error: RoomcastError): void => {
  agreed.catch(() => {})
  refuse(error)
}

const newSubscription = (id: string): Subscription => {
  let agree: Subscription['agree'] = () => {}
  let refuse: Subscription['refuse'] = () => {}
  const agreed = new Promise<Subscribed>((resolve, reject) => {
    agree = resolve
    refuse = reject
  })
  return { room: createRoom(id), agreed, agree, refuse, isAgreed: false, source: null, asking: null }
}
