import { join } from 'node:path'
import { sharedCacheDir } from '../../deploy/local/jars.ts'
import { withLock } from '../../deploy/local/lock.ts'
import { fetchHelm } from './fetch-helm.ts'
import { fetchKubeconform } from './fetch-kubeconform.ts'
import { fetchSchemas } from './fetch-schemas.ts'
import { MissingTool, type Fetching } from './fetch.ts'

export type ChartTools = {
  readonly helm: string
  readonly kubeconform: string
  /** The values of kubeconform's --schema-location. */
  readonly schemaLocations: readonly string[]
}

/**
 * What the chart is checked with, fetched into .cache/ where it is not there yet. Resolves with what to install where this machine lacks a
 * program that no package brings; throws when something could not be fetched.
 */
export const fetchTools = async (fetching: Fetching): Promise<ChartTools | { readonly missing: string }> => {
  const { say, signal } = fetching
  try {
    // Two files of tests that begin at the same time fetch it once.
    return await withLock(
      { dataDir: join(sharedCacheDir, 'chart-tools'), command: 'chart', say, signal },
      async () => ({
        helm: await fetchHelm(fetching),
        kubeconform: await fetchKubeconform(fetching),
        schemaLocations: await fetchSchemas(fetching),
      }),
    )
  } catch (error) {
    if (error instanceof MissingTool) return { missing: error.message }
    throw error
  }
}
