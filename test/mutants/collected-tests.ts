// What stands in for node:test while mutants are tried: tests are collected, and run as often as there are mutants.

export type CollectedTest = { readonly name: string; readonly run: () => unknown }

export const collectedTests: CollectedTest[] = []

/** Collects a test instead of running it. */
export const test = (name: string, run: () => unknown): void => {
  collectedTests.push({ name, run })
}
