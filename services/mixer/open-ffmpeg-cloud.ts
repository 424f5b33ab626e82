import { join } from 'node:path'
import { monotonicClock } from '../shared/clock.ts'
import type { Lifecycle } from '../shared/lifecycle.ts'
import type { Log } from '../shared/log.ts'
import type { MediaSettings } from '../shared/media.ts'
import type { Metrics } from '../shared/metrics.ts'
import { createCallbacks } from './adapters/callbacks.ts'
import { createStartEncoder } from './adapters/ffmpeg-encoder.ts'
import { endLeftovers } from './adapters/ffmpeg-leftovers.ts'
import { createStartReader } from './adapters/ffmpeg-reader.ts'
import { createStartFfmpeg } from './adapters/ffmpeg.ts'
import { createJournal } from './adapters/journal.ts'
import { createNginxNotify } from './adapters/nginx-notify.ts'
import { createNginxStat } from './adapters/nginx-stat.ts'
import type { FfmpegSettings } from './config.ts'
import type { MixCloud } from './domain/cloud.ts'
import { createMixMetrics } from './mix-metrics.ts'
import { mixPairs } from './mix-pair.ts'
import { createMixes } from './mixes.ts'
import type { SourceChange } from './ports.ts'
import { createPushKeyCheck } from './push-key.ts'
import { sourceJournalSchema } from './source-journal.ts'
import { createSourceStreams } from './source-streams.ts'

/** A callback of a stream or a mix is tried for so long; longer outages of ingest are made up for by what is so then. */
const giveUpCallbackMs = 10 * 60_000

/**
 * Opens the cloud in a box: a media server's streams, reported to ingest, and mixes of them by ffmpeg. Resolves when what an earlier
 * mixer left has been ended, and when it is known who publishes.
 */
export const openFfmpegCloud = async ({
  settings,
  media: { app, playHost, pushHost, authKey, mixSuffix },
  lifecycle,
  metrics,
  log,
}: {
  settings: FfmpegSettings
  media: MediaSettings
  lifecycle: Lifecycle
  metrics: Metrics
  log: Log
}): Promise<MixCloud> => {
  const { folder, ports, frameRate, maxMixMs } = settings
  const { now } = monotonicClock
  const server = (port: number): string => `rtmp://127.0.0.1:${port}/${app}`
  const measured = createMixMetrics(metrics)

  // Closed last: what callbacks were still taken is noted, too.
  const sourceJournal = createJournal({ file: join(folder, 'sources.json'), schema: sourceJournalSchema, log })
  const mixJournal = createJournal({ file: join(folder, 'mixes.json'), schema: mixPairs, log })
  lifecycle.onClose(async () => {
    await sourceJournal.close()
    await mixJournal.close()
  })

  const callbacks = createCallbacks({
    ...settings.callbacks,
    playHost,
    pushHost,
    app,
    giveUp: { afterMs: giveUpCallbackMs },
    log,
  })
  lifecycle.onClose(() => callbacks.close())

  // Until there are mixes nobody has to hear of it.
  let onSourceChanged = (_change: SourceChange): void => {}
  const isKeyGood = authKey === undefined ? undefined : createPushKeyCheck({ app, key: authKey })
  const sources = await createSourceStreams({
    listen: (handlers) => createNginxNotify({ ...handlers, port: ports.notify, app, isKeyGood, log }),
    look: createNginxStat({ url: `http://127.0.0.1:${ports.http}/stat`, app }),
    callbacks,
    journal: sourceJournal,
    onChanged: (change) => onSourceChanged(change),
    clock: monotonicClock,
    log,
  })
  lifecycle.onClose(() => sources.close())
  measured.watchSources(sources.counts)

  const startFfmpeg = createStartFfmpeg({
    searchPath: settings.searchPath,
    mark: folder,
    maxMemoryBytes: settings.maxMemoryBytes,
    maxCpuSeconds: maxMixMs / 1000,
  })
  const mixes = await createMixes({
    sources,
    callbacks,
    startReader: createStartReader({ startFfmpeg, sourceUrl: server(ports.rtmp), frameRate }),
    startEncoder: createStartEncoder({ startFfmpeg, mixUrl: server(ports.mix), mixSuffix, frameRate, now }),
    endLeftovers: () => endLeftovers(folder, lifecycle.signal),
    journal: mixJournal,
    mixSuffix,
    size: settings.size,
    frameRate,
    maxMixes: settings.maxMixes,
    maxMixMs,
    onMixes: measured.mixes,
    onFailed: measured.failed,
    onWhole: measured.whole,
    now,
    log,
  })
  lifecycle.onClose(() => mixes.close())
  onSourceChanged = mixes.onSourceChanged
  return mixes
}
