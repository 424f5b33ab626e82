import { join } from 'node:path'
import { z } from 'zod'
import { readJson, writeJson } from './files.ts'
import { findFreePort, isPortFree } from './ports.ts'
import { waitUntil } from './wait.ts'

export type Ports = Readonly<Record<string, number>>

const Kept = z.record(z.string(), z.number().int().min(1).max(65_535))

/** Of a process that was just killed, a last thread may hold the port for a moment longer. */
const releasedWithinMs = 1_000

/**
 * Chooses a port for every variable. What runs keeps its own; else what was asked for; else (0 was asked for) the one that this
 * DATA_DIR had before, when it is free, or any free one. The choice is kept in DATA_DIR/run/ports.json.
 */
export const choosePorts = async ({
  dataDir,
  wanted,
  running,
}: {
  readonly dataDir: string
  readonly wanted: Ports
  /** The ports of what runs already. */
  readonly running: Ports
}): Promise<Ports> => {
  const path = join(dataDir, 'run', 'ports.json')
  const kept = Kept.safeParse(await readJson(path)).data ?? {}
  const chosen = { ...wanted, ...running }
  const taken = new Set(Object.values(chosen).filter((port) => port !== 0))
  for (const [variable, port] of Object.entries(chosen)) {
    if (port !== 0) continue
    const earlier = kept[variable]
    const free =
      earlier !== undefined &&
      !taken.has(earlier) &&
      (await waitUntil(() => isPortFree(earlier), { deadlineMs: releasedWithinMs }))
        ? earlier
        : await findFreePort(taken)
    taken.add(free)
    chosen[variable] = free
  }
  await writeJson(path, chosen)
  return chosen
}
