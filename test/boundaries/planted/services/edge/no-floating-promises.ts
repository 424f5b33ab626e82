const work = async (): Promise<void> => {}

export const planted = (): void => {
  work()
}
