import { join } from 'node:path'

/** A program that the local platform runs beside broker and registry. */
export type Service = {
  readonly name: string
  /** The module that Node runs. */
  readonly main: string
  /** The environment variables of its ports, with their defaults. */
  readonly ports: Readonly<Record<string, number>>
  /** Which of them answers `/readyz`. */
  readonly adminPort: string
  /** The ports that it needs besides with real media (MIXER_ADAPTER=ffmpeg). */
  readonly mediaPorts?: Readonly<Record<string, number>>
}

/** The checkout. */
export const root = join(import.meta.dirname, '../..')

const main = (name: string): string => join(root, 'services', name, 'main.ts')

/** roomcast's services, in the order in which they start. */
export const services: readonly Service[] = [
  {
    name: 'ingest',
    main: main('ingest'),
    ports: { INGEST_PORT: 8080, INGEST_ADMIN_PORT: 9464 },
    adminPort: 'INGEST_ADMIN_PORT',
  },
  {
    name: 'state-machine',
    main: main('state-machine'),
    ports: { STATE_MACHINE_ADMIN_PORT: 9465 },
    adminPort: 'STATE_MACHINE_ADMIN_PORT',
  },
  {
    name: 'mixer',
    main: main('mixer'),
    ports: { MIXER_ADMIN_PORT: 9467 },
    adminPort: 'MIXER_ADMIN_PORT',
    mediaPorts: { MIXER_MEDIA_PORT: 9468 },
  },
  {
    name: 'edge',
    main: main('edge'),
    ports: { EDGE_PORT: 8081, EDGE_ADMIN_PORT: 9466 },
    adminPort: 'EDGE_ADMIN_PORT',
  },
]
