import { Gauge } from 'prom-client'
import { weights, type Weight } from '../../schemas/events.ts'
import type { Metrics } from '../shared/metrics.ts'

/** Read when they are scraped; each is a number that is kept anyway. */
export type EdgeReadings = {
  readonly metrics: Metrics
  readonly gauges: Readonly<
    Record<'connections' | 'subscriptions' | 'queuedBytes' | 'waiting' | 'fast' | 'rooms', () => number>
  >
  readonly waitingBytes: (weight: Weight) => number
}

export const createEdgeGauges = ({ metrics, gauges, waitingBytes }: EdgeReadings): void => {
  const registers = [metrics]
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  gauge('roomcast_edge_connections', 'WebSocket connections', gauges.connections)
  gauge('roomcast_edge_subscriptions', 'rooms subscribed to, summed over connections', gauges.subscriptions)
  gauge('roomcast_edge_queued_bytes', 'bytes that wait for slow connections', gauges.queuedBytes)
  gauge('roomcast_edge_waiting_connections', 'connections for which something waits', gauges.waiting)
  gauge('roomcast_edge_rooms', 'rooms known from room.state', gauges.rooms)

  new Gauge({
    name: 'roomcast_edge_way_connections',
    help: 'connections by way: fast, by what is published to their room, or own, by a queue of their own or in no room',
    labelNames: ['way'],
    registers,
    collect() {
      const fast = gauges.fast()
      this.set({ way: 'fast' }, fast)
      this.set({ way: 'own' }, gauges.connections() - fast)
    },
  })
  new Gauge({
    name: 'roomcast_edge_waiting_bytes',
    help: 'bytes that wait for slow connections, by weight',
    labelNames: ['weight'],
    registers,
    collect() {
      for (const weight of weights) this.set({ weight }, waitingBytes(weight))
    },
  })
}
