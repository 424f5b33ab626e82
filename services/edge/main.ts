import { runService } from '../shared/service.ts'
import { closeDeadlineMs, readEdgeConfig } from './config.ts'
import { startEdge } from './edge.ts'

await runService({
  name: 'edge',
  config: () => readEdgeConfig(process.env),
  closeDeadlineMs,
  start: async (context) => {
    await startEdge(context)
  },
})
