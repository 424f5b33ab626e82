import { mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isSystemError } from '../../deploy/local/error.ts'
import { isPresent, readJson, writeJson } from '../../deploy/local/files.ts'
import { z } from 'zod'
import { nameOf, removeBridges } from './engine-network.ts'

/**
 * Where Docker and containerd write whatever they are told. The engine sees folders in memory in their places; what an engine of the
 * machine has in them stays untouched.
 */
export const privateFolders: readonly string[] = ['/etc/docker', '/opt/containerd', '/run/containerd', '/run/docker']

const cgroups = '/sys/fs/cgroup'

const notesFile = (folder: string): string => join(folder, 'run', 'made-folders.json')

/** Makes the private folders that are not there, and writes down which: those are removed at the end. */
export const makePrivateFolders = async (folder: string): Promise<void> => {
  const isMissing = async (path: string): Promise<boolean> => !(await isPresent(path))
  const missing = []
  for (const path of privateFolders) if (await isMissing(path)) missing.push(path)
  await writeJson(notesFile(folder), missing)
  for (const path of missing) await mkdir(path, { recursive: true })
}

/** Removes a folder that is empty; false where it is not. */
const removeEmpty = async (path: string): Promise<boolean> => {
  try {
    await rmdir(path)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return true
    if (isSystemError(error, 'ENOTEMPTY', 'EBUSY')) return false
    throw error
  }
}

const removeMadeFolders = async (folder: string): Promise<void> => {
  const made = z.array(z.string()).safeParse(await readJson(notesFile(folder))).data ?? []
  for (const path of made) await removeEmpty(path)
  await rm(notesFile(folder), { force: true })
}

/** Below a cgroup its own come first: one that has others is not removed. */
const removeTree = async (path: string): Promise<void> => {
  if (!(await isPresent(path))) return
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(path, entry.name))
  }
  await removeEmpty(path)
}

/** In every hierarchy where there are several (version 1), else in the one (version 2). */
const removeCgroups = async (folder: string): Promise<void> => {
  if (!(await isPresent(cgroups))) return
  const hierarchies = (await readdir(cgroups, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const path of [cgroups, ...hierarchies.map(({ name }) => join(cgroups, name))]) {
    await removeTree(join(path, nameOf(folder)))
  }
}

/**
 * Removes what an engine that has ended, or was killed, leaves on the machine: bridges, cgroups, folders and sockets. Its processes and
 * mounts go with their namespaces. What it stored stays in its folder.
 */
export const removeRemains = async (folder: string): Promise<void> => {
  await removeBridges(folder)
  await removeCgroups(folder)
  await removeMadeFolders(folder)
  await rm(join(folder, 'exec'), { recursive: true, force: true })
  for (const name of ['docker.sock', 'dockerd.pid']) await rm(join(folder, name), { force: true })
}
