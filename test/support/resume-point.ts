import type { EdgeClient, OpLine, Positions } from './edge-client.ts'
import type { TestEdge } from './edge-stage.ts'

/** What a client names to go on where it left off. */
export type ResumePoint = { readonly epoch: string; readonly positions: Positions }

/** Where a client stands that moves its cursors as the protocol says. */
export const pointOf = ({ epoch = '', positions = {} }: OpLine, client?: EdgeClient): ResumePoint => {
  const cursors: Record<string, number> = { ...positions }
  for (const { weight, pos } of client?.messages() ?? []) {
    if (pos !== undefined) cursors[weight] = Math.max(cursors[weight] ?? -1, pos)
  }
  return { epoch, positions: cursors }
}

/** Subscribes and leaves; resolves with the point from which that client goes on. */
export const leave = async (of: TestEdge, uid: string, roomId: string): Promise<ResumePoint> => {
  const client = await of.connect(uid)
  const point = pointOf(await client.subscribe(roomId))
  await client.close()
  return point
}

export const resume = async (
  of: TestEdge,
  uid: string,
  roomId: string,
  point: ResumePoint,
): Promise<{ client: EdgeClient; answer: OpLine }> => {
  const client = await of.connect(uid)
  return { client, answer: await client.subscribe(roomId, point) }
}
