/** Rooms by number, in the order of their first appearance; lanes are numbers, too. */
export type Slots = {
  readonly slotOf: (roomId: string) => number
  readonly roomAt: (slot: number) => string
  readonly laneBetween: (from: string, to: string) => number
}

const maxSlots = 64
export const senderOf = (lane: number): number => Math.floor(lane / maxSlots)
export const receiverOf = (lane: number): number => lane % maxSlots

export const createSlots = (known: readonly string[]): Slots => {
  const roomIds = [...known]
  const slotOf = (roomId: string): number => {
    const slot = roomIds.indexOf(roomId)
    if (slot >= 0) return slot
    if (roomIds.length === maxSlots) throw new Error(`more than ${maxSlots} rooms`)
    return roomIds.push(roomId) - 1
  }
  return {
    slotOf,
    roomAt: (slot) => roomIds[slot] ?? '?',
    laneBetween: (from, to) => slotOf(from) * maxSlots + slotOf(to),
  }
}
