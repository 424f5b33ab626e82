import {
  BytesIEC,
  BytesPerSecondIEC,
  CountsPerSecond,
  EventsPerSecond,
  MessagesPerSecond,
  PercentUnit,
  RequestsPerSecond,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units'

/** The units that panels have, by Grafana's names; `share` is 0 to 1, shown in per cent. */
export const units = {
  bytes: BytesIEC,
  bytesPerSecond: BytesPerSecondIEC,
  count: Short,
  eventsPerSecond: EventsPerSecond,
  messagesPerSecond: MessagesPerSecond,
  perSecond: CountsPerSecond,
  requestsPerSecond: RequestsPerSecond,
  seconds: Seconds,
  share: PercentUnit,
} as const

export type Unit = (typeof units)[keyof typeof units]
