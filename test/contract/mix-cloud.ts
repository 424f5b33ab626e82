import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StartMix, StopMix } from '../../schemas/types.generated.ts'
import type { MixCloud } from '../../services/mixer/domain/cloud.ts'

export type CloudUnderTest = { readonly cloud: MixCloud; readonly close: () => Promise<void> }

const deadlineMs = 30_000

/** A start of `mixRoomId`'s stream into that of `roomId`. */
export const startOf = (roomId: string, mixRoomId: string, generation = 1): StartMix => ({
  eventId: `${roomId}.start.${generation}`,
  roomId,
  occurredAt: Date.now(),
  sessionId: 's1',
  generation,
  mixRoomId,
  deadline: Date.now() + deadlineMs,
  mixType: 'channel',
  mixTemplate: 'side_by_side',
})

export const stopOf = (roomId: string, mixRoomId: string, generation = 2): StopMix => ({
  eventId: `${roomId}.stop.${generation}`,
  roomId,
  occurredAt: Date.now(),
  sessionId: 's1',
  generation,
  mixRoomId,
  deadline: Date.now() + deadlineMs,
})

/**
 * What every implementation of MixCloud keeps, see services/mixer/domain/cloud.ts. `open` gives a cloud in which both streams
 * named flow, or, with `refusing`, one that refuses every start with that word.
 */
export const testMixCloud = ({
  name,
  open,
}: {
  name: string
  open: (options: { streams: readonly string[]; refusing?: string }) => Promise<CloudUnderTest>
}): void => {
  const streams = ['roomA', 'roomB']
  const signal = (): AbortSignal => AbortSignal.timeout(deadlineMs)

  test(`${name}: an accepted start lists the mixed streams, and the same ones when it is repeated`, async (t) => {
    const { cloud, close } = await open({ streams })
    t.after(close)
    const first = await cloud.startMix(startOf('roomA', 'roomB'), signal())
    const again = await cloud.startMix(startOf('roomA', 'roomB'), signal())
    assert.ok(first.accepted)
    assert.ok(first.streamNames.length > 0)
    assert.ok(first.streamNames.every((stream) => /^[A-Za-z0-9_]+$/.test(stream)))
    assert.deepEqual(again, first)
  })

  test(`${name}: a stop is accepted, also of what does not run`, async (t) => {
    const { cloud, close } = await open({ streams })
    t.after(close)
    await cloud.startMix(startOf('roomA', 'roomB'), signal())
    const stops = [
      await cloud.stopMix(stopOf('roomA', 'roomB'), signal()),
      await cloud.stopMix(stopOf('roomA', 'roomB'), signal()),
      await cloud.stopMix(stopOf('roomB', 'roomA'), signal()),
    ]
    assert.deepEqual(
      stops.map((answer) => answer.accepted),
      [true, true, true],
    )
  })

  test(`${name}: a mix can be started again after its stop`, async (t) => {
    const { cloud, close } = await open({ streams })
    t.after(close)
    await cloud.startMix(startOf('roomA', 'roomB'), signal())
    await cloud.stopMix(stopOf('roomA', 'roomB'), signal())
    const answer = await cloud.startMix(startOf('roomA', 'roomB', 3), signal())
    assert.ok(answer.accepted)
  })

  test(`${name}: two rooms can be mixed into each other at the same time`, async (t) => {
    const { cloud, close } = await open({ streams })
    t.after(close)
    const answers = await Promise.all([
      cloud.startMix(startOf('roomA', 'roomB'), signal()),
      cloud.startMix(startOf('roomB', 'roomA'), signal()),
    ])
    assert.ok(answers.every((answer) => answer.accepted))
  })

  test(`${name}: a refusal is an answer with the cloud's own word`, async (t) => {
    const { cloud, close } = await open({ streams, refusing: 'InvalidArgument' })
    t.after(close)
    const answer = await cloud.startMix(startOf('roomA', 'roomB'), signal())
    assert.ok(!answer.accepted)
    assert.equal(answer.error, 'InvalidArgument')
    assert.notEqual(answer.message, '')
  })

  test(`${name}: an aborted command rejects`, async (t) => {
    const { cloud, close } = await open({ streams })
    t.after(close)
    const controller = new AbortController()
    const pending = cloud.startMix(startOf('roomA', 'roomB'), controller.signal)
    controller.abort()
    await assert.rejects(pending)
    await assert.rejects(cloud.stopMix(stopOf('roomA', 'roomB'), controller.signal))
  })
}
