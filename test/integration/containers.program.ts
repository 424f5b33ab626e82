// Starts a container as the tests do, says so, and waits to be killed.
import { createGuard } from '../containers/guard.ts'
import { loadTestcontainers } from '../containers/runtime.ts'
import { tinyImage } from '../containers/tiny-image.ts'

const { GenericContainer } = await loadTestcontainers()
const { labels } = createGuard()
await new GenericContainer(tinyImage).withLabels({ ...labels }).start()
console.log('started')
setInterval(() => {}, 60_000)
