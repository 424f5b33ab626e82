import { describeBroker } from '../../deploy/local/broker-properties.ts'

export type Environment = Readonly<Record<string, string>>

/** Inside a container only. */
const controllerPort = 29_093
/** A controller that is no broker has a number that no broker has. */
const controllerId = 1_000

/** As the image wants them: `a.b-c` is KAFKA_A_B___C. */
const toEnvironment = (properties: ReadonlyMap<string, string>): Environment =>
  Object.fromEntries(
    [...properties].map(([name, value]) => {
      const variable = name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()
      return [`KAFKA_${variable}`, value]
    }),
  )

const parse = (properties: string): ReadonlyMap<string, string> =>
  new Map(
    properties
      .trim()
      .split('\n')
      .map((line): [string, string] => {
        const at = line.indexOf('=')
        return [line.slice(0, at), line.slice(at + 1)]
      }),
  )

/** Little memory, and a start in half the time: it lives for a few tests. */
const jvm: Environment = {
  KAFKA_HEAP_OPTS: '-Xmx256m',
  KAFKA_JVM_PERFORMANCE_OPTS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError',
}

/** What a broker of the local platform is told, without the places that are others in a container. */
const settingsOf = (id: number, port: number, count: number): ReadonlyMap<string, string> => {
  const nodes = Array.from({ length: count }, (_, index) => ({ id: index + 1, port, controllerPort }))
  const settings = new Map(parse(describeBroker('', { id, port, controllerPort }, nodes)))
  settings.delete('log.dirs')
  return settings
}

/** A broker that is its own controller. The port is the same inside and outside: it has to tell it to its clients. */
export const describeLoneBroker = (port: number): Environment => ({
  ...toEnvironment(
    new Map([
      ...settingsOf(1, port, 1),
      ['listeners', `PLAINTEXT://0.0.0.0:${port},CONTROLLER://127.0.0.1:${controllerPort}`],
    ]),
  ),
  ...jvm,
})

/** Who has died is noticed after three seconds, not nine: before that it cannot come back. */
const session: ReadonlyMap<string, string> = new Map([
  ['broker.heartbeat.interval.ms', '500'],
  ['broker.session.timeout.ms', '3000'],
])

const quorum = `${controllerId}@127.0.0.1:${controllerPort}`

/** A controller for brokers that share its network. */
export const describeController = (count: number): Environment => {
  const {
    KAFKA_ADVERTISED_LISTENERS: _,
    KAFKA_INTER_BROKER_LISTENER_NAME: _name,
    ...settings
  } = toEnvironment(
    new Map([
      ...settingsOf(1, 0, count),
      ...session,
      ['process.roles', 'controller'],
      ['node.id', String(controllerId)],
      ['controller.quorum.voters', quorum],
      ['listeners', `CONTROLLER://127.0.0.1:${controllerPort}`],
    ]),
  )
  return { ...settings, ...jvm }
}

/** A broker of `count` without a controller of its own, in the network of the one that they share. */
export const describeBrokerOf = (
  count: number,
  { id, port }: { readonly id: number; readonly port: number },
): Environment => ({
  ...toEnvironment(
    new Map([
      ...settingsOf(id, port, count),
      ...session,
      ['process.roles', 'broker'],
      ['controller.quorum.voters', quorum],
      ['listeners', `PLAINTEXT://0.0.0.0:${port}`],
    ]),
  ),
  ...jvm,
})
