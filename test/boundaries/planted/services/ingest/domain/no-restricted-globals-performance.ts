export const planted = performance.now()
