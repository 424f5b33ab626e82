import { stands } from './client/client-stands-alone.ts'

export const knows = stands
