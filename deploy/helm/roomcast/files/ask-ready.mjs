// Asks each address until it answers 200, at most two minutes; prints what it said last. Exit code 1 when one did not.
const deadline = Date.now() + 120_000
const ask = async (url) => {
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      async (response) => ({ isReady: response.ok, text: `${response.status} ${(await response.text()).trim()}` }),
      (error) => ({ isReady: false, text: `no answer (${error.cause?.code ?? error.name})` }),
    )
    if (answer.isReady || Date.now() > deadline) {
      console.log(`${url}: ${answer.text}`)
      return answer.isReady
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
}
const answers = await Promise.all(process.argv.slice(1).map(ask))
process.exitCode = answers.every((isReady) => isReady) ? 0 : 1
