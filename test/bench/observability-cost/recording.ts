/**
 * Whether metrics record, which `metrics-switch.ts` turns on and off, and how often the services have called upon them, on or off;
 * `depth`: how many of their functions are being called at the moment, one by the other.
 */
export const recording = { isOn: false, calls: 0, depth: 0 }
