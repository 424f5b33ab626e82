export const planted = [process.env, console.log]
