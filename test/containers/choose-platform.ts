import { PlatformError } from '../../deploy/local/error.ts'

/** What the tests' brokers and registries are: processes of deploy/local, or containers. */
export type PlatformName = 'local' | 'containers'

const names: readonly PlatformName[] = ['local', 'containers']

/** The platform that PLATFORM chooses, `local` without it. Throws a PlatformError for anything else. */
export const choosePlatform = (env: Readonly<Record<string, string | undefined>>): PlatformName => {
  const wanted = env['PLATFORM'] || 'local'
  const found = names.find((name) => name === wanted)
  if (found === undefined) throw new PlatformError(`PLATFORM=${wanted}: it is ${names.join(' or ')}`)
  return found
}
