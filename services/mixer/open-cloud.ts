import type { Lifecycle } from '../shared/lifecycle.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { createAliyunCloud } from './adapters/aliyun.ts'
import { createCallbacks } from './adapters/callbacks.ts'
import { createSimulatedCloud } from './adapters/simulated.ts'
import type { MixerConfig } from './config.ts'
import type { MixCloud } from './domain/cloud.ts'
import { openFfmpegCloud } from './open-ffmpeg-cloud.ts'

/** As often the real cloud sends a callback that is not answered 200. */
const simulatedAttempts = 6

/** Opens the video cloud that the configuration chooses; it is closed with the service. */
export const openCloud = async ({
  config: { adapter, media },
  lifecycle,
  metrics,
  log,
}: {
  config: Pick<MixerConfig, 'adapter' | 'media'>
  lifecycle: Lifecycle
  metrics: Metrics
  log: Log
}): Promise<MixCloud> => {
  const { playHost, pushHost, app } = media
  switch (adapter.kind) {
    case 'simulated': {
      const { delayMs, seed, failures } = adapter
      const callbacks = createCallbacks({
        ...adapter.callbacks,
        playHost,
        pushHost,
        app,
        giveUp: { afterAttempts: simulatedAttempts },
        log,
      })
      lifecycle.onClose(() => callbacks.close())
      const cloud = createSimulatedCloud({ callbacks, delayMs, seed, failures })
      lifecycle.onClose(() => cloud.close())
      return cloud
    }
    case 'aliyun': {
      const cloud = createAliyunCloud({ ...adapter, playHost, app, log })
      lifecycle.onClose(() => cloud.close())
      return cloud
    }
    case 'ffmpeg':
      return openFfmpegCloud({ settings: adapter, media, lifecycle, metrics, log })
  }
}
