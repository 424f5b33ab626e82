import type { Environment, Variables } from './environment.ts'
import { wantsMedia } from './settings.ts'

const layOut = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')
}

/** Where ROOM's stream is pushed to and played from; the key of a push address is not for the terminal. */
const describeMedia = (variables: Variables): ReadonlyArray<readonly [string, string]> => {
  const { MEDIA_PUSH_HOST: push, MEDIA_PLAY_HOST: play, MEDIA_RTMP_PLAY_HOST: rtmp } = variables
  const { MEDIA_APP: app, MIX_SUFFIX: suffix } = variables
  const key = variables['MEDIA_AUTH_KEY'] === undefined ? '' : '?auth_key=… (create live answers the whole address)'
  return [
    ['push a stream to', `rtmp://${push}/${app}/ROOM${key}`],
    ['play it, or its mix', `http://${play}/${app}/ROOM${suffix}.m3u8`],
    ['play a mix by RTMP', `rtmp://${rtmp}/${app}/ROOM${suffix}`],
    ['the media server', `http://127.0.0.1:${variables['MEDIA_HTTP_PORT']}/stat`],
  ]
}

/** What a person wants to know of a system that has just started: addresses, keys, what to try next. */
export const describeSystem = (environment: Environment, keysFile: string): string => {
  const { brokers, registryUrl, ingestUrl, edgeUrl, ingestApiKey, edgeJwtSecret, variables } = environment
  const admin = (name: string, variable: string): readonly [string, string] => [
    `metrics of ${name}`,
    `http://127.0.0.1:${variables[variable]}/metrics`,
  ]
  const addresses = layOut([
    ['ingest', ingestUrl],
    ['its description', `${ingestUrl}/docs`],
    ['edge', edgeUrl],
    ['Kafka', brokers.join(',')],
    ['schema registry', registryUrl],
    admin('ingest', 'INGEST_ADMIN_PORT'),
    admin('state-machine', 'STATE_MACHINE_ADMIN_PORT'),
    admin('mixer', 'MIXER_ADMIN_PORT'),
    admin('edge', 'EDGE_ADMIN_PORT'),
    ...(wantsMedia(variables) ? describeMedia(variables) : []),
  ])
  const keys = layOut([
    ['INGEST_API_KEYS', variables['INGEST_API_KEYS'] ?? ''],
    ...(edgeJwtSecret === undefined
      ? [['EDGE_JWKS_URL', variables['EDGE_JWKS_URL'] ?? ''] as const]
      : [['EDGE_JWT_SECRET', edgeJwtSecret] as const]),
  ])
  return `
roomcast is ready

${addresses}

keys of local development (those that were not given are made once and kept in ${keysFile})

${keys}

try next

  make demo
  curl -s -H 'Authorization: Bearer ${ingestApiKey}' -H 'Content-Type: application/json' \\
    -d '{"uid":"u1","name":"Ann"}' ${ingestUrl}/live/create
`
}
