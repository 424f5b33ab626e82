import { planted } from '../../../schemas/events.ts'

/** Within every rule. */
export const good = (now: number): number => (planted ? now : 0)
