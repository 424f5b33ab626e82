const granularity = 128

/** Memory to ask for, in MiB: what is used, and half as much again, to a round number. */
export const mebibytes = (usedMib: number): number => Math.ceil((usedMib * 1.5) / granularity) * granularity
