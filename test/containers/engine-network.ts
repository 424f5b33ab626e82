import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { PlatformError } from '../../deploy/local/error.ts'
import { readJson, writeJson } from '../../deploy/local/files.ts'

const Addresses = z.array(
  z.object({
    ifname: z.string(),
    linkinfo: z.object({ info_kind: z.string() }).optional(),
    addr_info: z.array(z.object({ local: z.string().optional() })),
  }),
)

/** What an engine has of the machine's network: a /16 of its own, so that two engines do not meet. */
const Subnet = z.object({
  bridge: z.string(),
  /** The first two of the four numbers of its addresses, with the dots after them. */
  prefix: z.string(),
})
export type Subnet = Readonly<z.infer<typeof Subnet>>

const subnetFile = (folder: string): string => join(folder, 'subnet.json')

/** The name of an engine's bridge, and of the cgroup above those of its containers. */
export const nameOf = (folder: string): string => `rc-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`

const ip = async (...args: readonly string[]): Promise<string> => (await promisify(execFile)('ip', [...args])).stdout

const listLinks = async (): Promise<z.infer<typeof Addresses>> =>
  Addresses.parse(JSON.parse(await ip('-details', '-json', 'address')))

/** The links with an address that begins so. */
const within = (prefix: string, links: z.infer<typeof Addresses>): z.infer<typeof Addresses> =>
  links.filter(({ addr_info }) => addr_info.some(({ local }) => local?.startsWith(prefix)))

const lowest = 64
const highest = 127

/** Chooses addresses that this machine does not use, writes them down, and makes the bridge for containers without a network of their own. */
export const createBridge = async (folder: string): Promise<Subnet> => {
  const links = await listLinks()
  const bridge = nameOf(folder)
  for (let second = lowest; second <= highest; second++) {
    const prefix = `10.${second}.`
    if (within(prefix, links).length > 0) continue
    await writeJson(subnetFile(folder), { bridge, prefix })
    await ip('link', 'add', bridge, 'type', 'bridge')
    await ip('address', 'add', `${prefix}0.1/24`, 'dev', bridge)
    await ip('link', 'set', bridge, 'up')
    return { bridge, prefix }
  }
  throw new PlatformError(`all of 10.${lowest}.0.0 to 10.${highest}.0.0 are in use on this machine`)
}

/** Removes the bridges of an engine that has ended, those of its users' networks too, and one that never got its address. */
export const removeBridges = async (folder: string): Promise<void> => {
  const { data: subnet } = Subnet.safeParse(await readJson(subnetFile(folder)))
  const links = await listLinks()
  const ours = new Set(links.filter(({ ifname }) => ifname === nameOf(folder)))
  for (const link of subnet === undefined ? [] : within(subnet.prefix, links)) {
    if (link.linkinfo?.info_kind === 'bridge') ours.add(link)
  }
  for (const { ifname } of ours) await ip('link', 'delete', ifname)
  await rm(subnetFile(folder), { force: true })
}
