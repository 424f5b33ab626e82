import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

export const unreadableRow = (q: Queries): Row => ({
  title: 'What could not be read?',
  lines: [
    [
      graph({
        title: 'Dead letters, in 10 min',
        unit: units.count,
        queries: [busy((of) => q.increase('roomcast_dead_letters_total', '10m', of), { by: 'service, topic, code' })],
        shows: 'Records put to dead-letter.v1, by the service that could not read them.',
        normal: '0.',
        next: 'the headers of the records say where they come from.',
        heading: 'A poison record',
      }),
      graph({
        title: 'Unknown types, in 10 min',
        unit: units.count,
        queries: [busy((of) => q.increase('roomcast_unknown_records_total', '10m', of), { by: 'service, topic' })],
        shows: 'Records of types that this version does not know, passed over.',
        normal: '0; more while a newer version of a writer is being rolled out.',
        next: 'for long: a service that was not renewed.',
      }),
      graph({
        title: 'Reads that wait, over time',
        unit: units.count,
        queries: [q.sum('roomcast_reading_waits', { by: 'service, waiting_for' })],
        shows: 'Reads that are tried again until the registry or the dead-letter topic answers.',
        normal: '0.',
        next: 'what lies behind the waiting record waits too.',
        heading: 'RegistryAway',
      }),
      graph({
        title: 'Registry answers',
        unit: units.count,
        queries: [{ expr: `min by (service) (${q.series('roomcast_registry_reachable')})`, legend: '{{service}}' }],
        shows: '1 while every instance of a service reaches the schema registry, 0 while one does not.',
        normal: '1.',
        next: '0 at all services: the registry. At one: its network.',
        heading: 'The registry is away',
      }),
    ],
  ],
})
