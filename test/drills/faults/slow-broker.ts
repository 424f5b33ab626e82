import type { Drill } from '../drill.ts'

const answersLateMs = 300

export const slowBroker: Drill = {
  name: 'slow-broker',
  about: `Every answer of the broker, to every service, comes ${answersLateMs} ms late.`,
  lastsMs: 420_000,
  begin: ({ proxy }) => {
    proxy.answersLateMs = answersLateMs
    return Promise.resolve(() => {
      proxy.answersLateMs = 0
      return Promise.resolve()
    })
  },
}
