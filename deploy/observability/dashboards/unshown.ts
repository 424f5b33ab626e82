/** Metrics that no panel shows, each with the reason. A new metric is shown, or stands here. */
export const unshown: Readonly<Record<string, string>> = {}
