import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { chromium, type Browser } from 'playwright-core'

/** A browser, or why there is none. */
export type Chromium = { readonly launch: () => Promise<Browser> } | { readonly missing: string }

/** Without the services with which Chromium looks after itself: a test's browser talks to the test alone. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Debian's Chromium, or the one that CHROMIUM names. */
export const findChromium = async (): Promise<Chromium> => {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  try {
    await promisify(execFile)(executablePath, ['--version'], { timeout: 30_000 })
  } catch {
    return { missing: `no Chromium at ${executablePath} (CHROMIUM names another)` }
  }
  return { launch: () => chromium.launch({ executablePath, headless: true, args, timeout: 60_000 }) }
}
