import { runService } from '../shared/service.ts'
import { readEdgeConfig } from './config.ts'
import { startEdge } from './edge.ts'

await runService({
  name: 'edge',
  config: () => readEdgeConfig(process.env),
  start: async (context) => {
    await startEdge(context)
  },
})
