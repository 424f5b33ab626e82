const work = async (): Promise<void> => {}

export const planted = (): void => {
  ;[1].forEach(work)
}
