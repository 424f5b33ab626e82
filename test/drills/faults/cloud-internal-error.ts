import type { Drill } from '../drill.ts'

export const cloudInternalError: Drill = {
  name: 'cloud-internal-error',
  about: 'The video cloud answers InternalError to every start and stop of a mix.',
  lastsMs: 240_000,
  begin: ({ cloudAnswers }) => {
    cloudAnswers({ kind: 'error', code: 'InternalError', status: 500 })
    return Promise.resolve(() => {
      cloudAnswers({ kind: 'carry-out' })
      return Promise.resolve()
    })
  },
}
