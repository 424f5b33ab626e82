// A Docker engine of this checkout alone, for machines where none runs: `node test/containers/engine.ts up`, see README.md.
import { explain, PlatformError } from '../../deploy/local/error.ts'
import { withLock } from '../../deploy/local/lock.ts'
import { checkPrograms } from './engine-programs.ts'
import { makeImages } from './make-images.ts'
import { engineFolder, findEngine, startEngine, stopEngine } from './run-engine.ts'

const help = `usage: node test/containers/engine.ts up|down|status

up      starts the engine and makes the images that are missing: Debian, Node.js, Kafka, the schema registry
down    stops the engine with everything in it; its images stay in .cache/engine
status  says whether it runs`

const say = (line: string): void => console.log(line)

const commands: Readonly<Record<string, () => Promise<void>>> = {
  up: async () => {
    await checkPrograms('images')
    const { dockerHost } = await startEngine({ folder: engineFolder, say })
    await makeImages({ dockerHost, say })
    say(`the engine runs. For docker and everything else that speaks to engines:\n  export DOCKER_HOST=${dockerHost}`)
  },
  down: async () => {
    say((await stopEngine(engineFolder)) ? 'the engine has ended' : 'the engine does not run')
  },
  status: async () => {
    const engine = await findEngine(engineFolder)
    say(engine === undefined ? 'the engine does not run' : `the engine runs: DOCKER_HOST=${engine.dockerHost}`)
  },
}

const command = commands[process.argv[2] ?? '']
if (command === undefined) {
  console.error(help)
  process.exitCode = 2
} else {
  try {
    // Two at a time would take each other's socket away.
    await withLock({ dataDir: engineFolder, command: `engine ${process.argv[2]}`, say }, command)
  } catch (error) {
    console.error(error instanceof PlatformError ? explain(error) : error)
    process.exitCode = 1
  }
}
