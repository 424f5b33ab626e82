import { pause } from '../../../services/shared/waiting.ts'
import type { Answer, AppServer } from '../../support/app-server.ts'

export type Broadcaster = { readonly roomId: string; readonly uid: string }

type Step = readonly [afterMs: number, act: () => Promise<Answer>]

/** As in the logs that `lifecycles.ts` makes, without the rooms' creation and end, in a third of the time. */
const stepsOf = (app: AppServer, a: Broadcaster, b: Broadcaster): readonly Step[] => {
  const ofFan = (fan: string) => ({ inviterUid: fan, inviteeUid: a.uid, liveRoomId: a.roomId })
  const between = { inviterUid: a.uid, inviteeUid: b.uid, liveRoomId: a.roomId, inviteeRoomId: b.roomId }
  const inviteOfFan = (fan: string) => app.invite({ ...ofFan(fan), type: 'side_by_side', inviterType: 1 })
  const invite = () => app.invite({ ...between, type: 'side_by_side', inviterType: 2 })
  return [
    [0, () => app.stream('publish', a.roomId)],
    [1, () => app.stream('publish', a.roomId)], // the cloud says many things twice
    [300, () => app.stream('publish', b.roomId)],
    [1_000, () => inviteOfFan('fan-1')],
    [1_500, () => inviteOfFan('fan-2')],
    [2_500, () => app.feedback({ ...ofFan('fan-1'), status: 2 })],
    [3_000, () => app.cancel(ofFan('fan-2'))],
    [10_000, invite],
    [10_500, invite],
    [11_000, () => app.feedback({ ...between, status: 1 })],
    [11_600, () => app.available(a.roomId)],
    [11_800, () => app.available(b.roomId)],
    [17_000, () => app.stream('publish_done', b.roomId)],
    [18_000, () => app.stream('publish', b.roomId)],
    [18_400, () => app.available(b.roomId)],
    [21_000, () => app.close({ closeRoomId: b.roomId, notifiedRoomId: a.roomId })],
    [25_000, () => inviteOfFan('fan-1')],
    [25_400, () => app.feedback({ ...ofFan('fan-1'), status: 1 })],
    [26_000, () => app.close({ closeRoomId: a.roomId, notifiedRoomId: a.roomId })],
    [27_000, () => app.stream('publish_done', a.roomId)],
    [27_100, () => app.stream('publish_done', b.roomId)],
  ]
}

/**
 * Two broadcasters publish, refuse viewers, agree, are mixed, lose a stream and get it back, and part. Resolves at the end, or early when the
 * signal aborts, to how many of its steps were refused, as they are when an earlier one has not ended in time.
 */
export const playSession = async (
  app: AppServer,
  [a, b]: readonly [Broadcaster, Broadcaster],
  signal: AbortSignal,
): Promise<number> => {
  const startedAt = performance.now()
  let refused = 0
  for (const [afterMs, act] of stepsOf(app, a, b)) {
    await pause(startedAt + afterMs - performance.now(), signal)
    if (signal.aborted) break
    const { code } = await act()
    if (code !== 200) refused += 1
  }
  return refused
}
