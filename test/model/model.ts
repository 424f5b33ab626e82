import { createBudgets, has, idsOf, spend } from './budgets.ts'
import { createChannels, isTaggedId, taggedId } from './channels.ts'
import { changesNothingEver, isTooLate } from './commuting.ts'
import { createDecisions, type Decide, type Decided, type Decisions } from './decisions.ts'
import { createInterner } from './interner.ts'
import { answerTo } from './mix-answer.ts'
import { modelRules } from './normal-form.ts'
import type { Event, Scenario } from './scenario.ts'
import { createSlots, receiverOf, senderOf, type Slots } from './slots.ts'
import { unpack, withoutHead, withSlot, type Lane, type State } from './state.ts'
import { emptyStory, open, tell, type Story } from './story.ts'

/** One thing that happens: what a state can go on with. */
export type Action =
  | { readonly kind: 'deliver'; readonly index: number }
  | { readonly kind: 'fire'; readonly slot: number; readonly timer: number }
  | { readonly kind: 'answer'; readonly slot: number; readonly word: Word }
  | { readonly kind: 'event'; readonly chance: number; readonly isAgain: boolean }
  | { readonly kind: 'crash'; readonly slot: number; readonly count: number }
  | { readonly kind: 'wait'; readonly slot: number }
type Word = 'accepted' | 'refused' | 'none'

export type Step = { readonly state: State; readonly violation: string | undefined }

/** The rooms of a scenario, their messages, and all that can happen to them. */
export type Model = {
  readonly initial: State
  /** Every action that is possible now; when one of them is enough, that one. */
  readonly actions: (state: State) => readonly Action[]
  readonly take: (state: State, action: Action) => Step
  /** The same moment with nothing more to come from outside, and no crash. */
  readonly calm: (state: State) => State
  /** What delivering the first message of a lane decides. */
  readonly deliveryOf: (state: State, lane: Lane) => Decided
  readonly story: (state: State) => Story
  readonly scenario: Scenario
  readonly decisions: Decisions
  readonly slots: Slots
}

/** The id of every message that cannot come twice: it need not be told apart. */
const once = 'once'

export const createModel = (scenario: Scenario, decide: Decide): Model => {
  const { chances } = scenario
  const rules = { ...modelRules, ...(scenario.mintRoomId && { mintRoomId: scenario.mintRoomId }) }
  const repeatable = chances.filter(({ again }) => again > 0).flatMap(idsOf)
  const decisions = createDecisions(decide, rules, (eventId) => isTaggedId(eventId) || repeatable.includes(eventId))
  const slots = createSlots(scenario.rooms)
  const channels = createChannels(decisions, slots)
  const budgets = createBudgets(scenario)
  const stories = createInterner<Story>()
  const told = new Map<string, { readonly story: number; readonly violation: string | undefined }>()
  const idOfStory = (story: Story): number => stories.idOf(JSON.stringify(story), () => story)

  const canBeRepeated = (eventId: string, state: State): boolean =>
    chances.some((one, index) => has(state, budgets.events[index]?.again ?? -1) && idsOf(one).includes(eventId))
  const isTidy = repeatable.length === 0 && (scenario.crashes ?? 0) === 0
  const tidy = (state: State): State => (isTidy ? state : channels.tidy(state, canBeRepeated))

  const tellStory = (story: number, decided: Decided, slot: number): Pick<State, 'story'> & Pick<Step, 'violation'> => {
    const { outputs, input, number } = decided
    const isTold = outputs.length > 0 || input.type === 'MixCommandAnswered' || input.type === 'MixAvailabilityNotified'
    if (!isTold) return { story, violation: undefined }
    const key = `${story} ${number}`
    const known = told.get(key)
    if (known !== undefined) return known
    const next = tell(stories.get(story), input, outputs, {
      isSystemRoom: slot >= scenario.rooms.length,
      hasNeighbours: scenario.rooms.length > 1,
    })
    const result = { story: idOfStory(next.story), violation: next.violation }
    told.set(key, result)
    return result
  }

  /** What a room decided becomes part of the state. */
  const apply = (state: State, slot: number, decided: Decided): Step => {
    const { story, violation } = tellStory(state.story, decided, slot)
    const rooms = withSlot(state.rooms, slot, decided.room, 0)
    const waiting = [...(state.commands[slot] ?? []), ...decided.commands]
    const commands = decided.commands.length === 0 ? state.commands : withSlot(state.commands, slot, waiting, [])
    const next = { ...state, rooms, commands, story }
    const sent = channels.send(next, slot, decided.messages, has(state, budgets.crashes))
    return { state: tidy(sent), violation: decided.violation ?? violation }
  }

  const deliveryOf = ({ rooms }: State, { lane, parcels }: Lane): Decided => {
    const { message, tag } = unpack(parcels[0] ?? 0)
    const record = decisions.message(message)
    const eventId = tag === 0 ? once : taggedId(record.fromRoomId, tag)
    return decisions.decided(rooms[receiverOf(lane)] ?? 0, `message ${message} ${tag}`, () => ({
      type: 'PeerMessage',
      record: { ...record, eventId },
    }))
  }

  const deliver = (state: State, index: number): Step => {
    const lane = state.lanes[index]
    if (lane === undefined) throw new Error(`there is no lane ${index}`)
    return apply({ ...state, lanes: withoutHead(state.lanes, index) }, receiverOf(lane.lane), deliveryOf(state, lane))
  }

  const happen = (state: State, index: number, isAgain: boolean): Step => {
    const [one, places] = [chances[index], budgets.events[index]]
    if (one === undefined || places === undefined) throw new Error(`there is no event ${index}`)
    const happened = one.times - (state.budgets[places.first] ?? 0)
    const eventId = idsOf(one)[isAgain ? happened - 1 : happened] ?? ''
    return takeEvent(spend(state, isAgain ? places.again : places.first), one.event, eventId, isAgain)
  }

  const takeEvent = (state: State, { input, isRequest }: Event, eventId: string, isAgain: boolean): Step => {
    const slot = slots.slotOf(input(eventId).record.roomId)
    const decided = decisions.decided(state.rooms[slot] ?? 0, `event ${eventId}`, () => input(eventId))
    const story = isRequest && !isAgain ? idOfStory(open(stories.get(state.story), eventId)) : state.story
    return apply({ ...state, story }, slot, decided)
  }

  const answerOf = (state: State, slot: number, word: 'accepted' | 'refused'): Decided => {
    const first = state.commands[slot]?.[0] ?? 0
    return decisions.decided(state.rooms[slot] ?? 0, `answer ${first} ${word}`, () =>
      answerTo(decisions.command(first), word === 'accepted', once),
    )
  }

  const answer = (state: State, slot: number, word: Word): Step => {
    const next = { ...state, commands: state.commands.with(slot, (state.commands[slot] ?? []).slice(1)) }
    if (word === 'none') return { state: spend(next, budgets.silences), violation: undefined }
    return apply(word === 'refused' ? spend(next, budgets.refusals) : next, slot, answerOf(state, slot, word))
  }

  const fire = (state: State, slot: number, timer: number): Step => {
    const id = state.rooms[slot] ?? 0
    const place = budgets.timerOf(decisions.room(id)?.timers[timer]?.kind ?? '')
    return apply(place === undefined ? state : spend(state, place), slot, decisions.fire(id, timer))
  }

  /** The task of a room comes back from its committed state. */
  const crash = (state: State, slot: number, count: number): State => {
    const spent = spend(channels.sendAgain(state, slot, count), budgets.crashes)
    return tidy(has(spent, budgets.crashes) ? spent : { ...spent, unacknowledged: [] })
  }

  const wait = (state: State, slot: number): State => {
    const rooms = state.rooms.with(slot, decisions.wait(state.rooms[slot] ?? 0))
    return { ...spend(state, budgets.waits), rooms }
  }

  const take = (state: State, action: Action): Step => {
    switch (action.kind) {
      case 'deliver':
        return deliver(state, action.index)
      case 'fire':
        return fire(state, action.slot, action.timer)
      case 'answer':
        return answer(state, action.slot, action.word)
      case 'event':
        return happen(state, action.chance, action.isAgain)
      case 'crash':
        return { state: crash(state, action.slot, action.count), violation: undefined }
      case 'wait':
        return { state: wait(state, action.slot), violation: undefined }
    }
  }

  /** A question is asked again only when the last one is not under way any more: more copies of it change nothing. */
  const isUnderWay = ({ lanes }: State, slot: number, timerKind: string, attemptId: string): boolean =>
    lanes.some(
      ({ lane, parcels }) =>
        senderOf(lane) === slot &&
        parcels.some((parcel) => {
          const { kind, sessionId } = decisions.message(unpack(parcel).message)
          return `${kind}-again` === timerKind && sessionId === attemptId
        }),
    )

  const timersOf = (state: State): readonly Action[] =>
    state.rooms.flatMap((id, slot) =>
      (decisions.room(id)?.timers ?? []).flatMap(({ kind, subject }, timer): readonly Action[] =>
        budgets.mayFire(state, kind) && !isUnderWay(state, slot, kind, subject) ? [{ kind: 'fire', slot, timer }] : [],
      ),
    )

  const eventsOf = (state: State): readonly Action[] =>
    budgets.events.flatMap(({ first, again }, chance): readonly Action[] => {
      const hasHappened = (state.budgets[first] ?? 0) < (chances[chance]?.times ?? 0)
      return [
        ...(has(state, first) ? [{ kind: 'event', chance, isAgain: false } as const] : []),
        ...(hasHappened && has(state, again) ? [{ kind: 'event', chance, isAgain: true } as const] : []),
      ]
    })

  const actions = (state: State): readonly Action[] => {
    const found: Action[] = []
    for (const [index, lane] of state.lanes.entries()) {
      const receiver = decisions.room(state.rooms[receiverOf(lane.lane)] ?? 0)
      if (changesNothingEver(deliveryOf(state, lane), receiver)) return [{ kind: 'deliver', index }]
      found.push({ kind: 'deliver', index })
    }
    for (const [slot, waiting] of state.commands.entries()) {
      if (waiting.length === 0) continue
      const accepted: Action = { kind: 'answer', slot, word: 'accepted' }
      if (isTooLate(answerOf(state, slot, 'accepted'))) return [accepted]
      found.push(accepted)
      if (has(state, budgets.refusals)) found.push({ kind: 'answer', slot, word: 'refused' })
      if (has(state, budgets.silences)) found.push({ kind: 'answer', slot, word: 'none' })
    }
    found.push(...timersOf(state), ...eventsOf(state))
    if (has(state, budgets.waits)) {
      for (const [slot, id] of state.rooms.entries()) {
        if (id > 0 && decisions.wait(id) !== id) found.push({ kind: 'wait', slot })
      }
    }
    if (has(state, budgets.crashes)) {
      for (const [slot, parcels] of state.unacknowledged.entries()) {
        for (const count of parcels.keys()) found.push({ kind: 'crash', slot, count: count + 1 })
      }
    }
    return found
  }

  /** Before the exploration everything follows at once, nothing crashes, and the video cloud accepts. */
  const settle = (step: Step): State => {
    if (step.violation !== undefined) throw new Error(`before the exploration: ${step.violation}`)
    if (step.state.lanes.length > 0) return settle(deliver(step.state, 0))
    const slot = step.state.commands.findIndex(({ length }) => length > 0)
    return slot < 0 ? step.state : settle(answer(step.state, slot, 'accepted'))
  }

  const prepare = (): State => {
    const story = idOfStory(emptyStory)
    let state: State = { rooms: [], lanes: [], commands: [], unacknowledged: [], budgets: budgets.none, story }
    for (const event of scenario.before) {
      // Its id differs from those that the same event gets later.
      const isLater = chances.some((one) => one.event.say === event.say)
      state = settle(takeEvent(state, event, isLater ? `${event.say} before` : event.say, false))
    }
    return { ...state, budgets: budgets.initial }
  }

  return {
    initial: prepare(),
    actions,
    take,
    calm: (state) => tidy({ ...state, budgets: budgets.none, unacknowledged: [] }),
    deliveryOf,
    story: (state) => stories.get(state.story),
    scenario,
    decisions,
    slots,
  }
}
