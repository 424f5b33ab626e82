export const planted = [setTimeout, setInterval, setImmediate]
