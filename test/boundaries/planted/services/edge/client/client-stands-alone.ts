import { planted } from '../lanes.ts'

export const stands = planted
